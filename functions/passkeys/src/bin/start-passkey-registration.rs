//! The function `start-passkey-registration`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::start_passkey_registration::FUNCTION.serve()
}
