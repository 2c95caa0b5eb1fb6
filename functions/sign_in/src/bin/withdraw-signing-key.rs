//! The function `withdraw-signing-key`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::jobs::withdraw_signing_key::FUNCTION.serve()
}
