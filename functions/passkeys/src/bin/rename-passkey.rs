//! The function `rename-passkey`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::rename_passkey::FUNCTION.serve()
}
