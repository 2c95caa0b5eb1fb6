//! The function `withdraw-signing-key`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::jobs::withdraw_signing_key::FUNCTION.serve()
}
