//! The function `rotate-signing-keys`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::jobs::rotate_signing_keys::FUNCTION.serve()
}
