//! The function `delete-passkey`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::routes::delete_passkey::FUNCTION.serve()
}
