//! The function `register-passkey`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::register_passkey::FUNCTION.serve()
}
