//! The function `register-passkey`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::routes::register_passkey::FUNCTION.serve()
}
