//! The function `delete-passkey`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::delete_passkey::FUNCTION.serve()
}
