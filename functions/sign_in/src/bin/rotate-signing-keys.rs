//! The function `rotate-signing-keys`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::jobs::rotate_signing_keys::FUNCTION.serve()
}
