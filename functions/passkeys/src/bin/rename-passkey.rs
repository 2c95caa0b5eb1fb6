//! The function `rename-passkey`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::routes::rename_passkey::FUNCTION.serve()
}
