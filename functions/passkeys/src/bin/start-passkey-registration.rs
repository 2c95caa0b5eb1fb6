//! The function `start-passkey-registration`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::routes::start_passkey_registration::FUNCTION.serve()
}
