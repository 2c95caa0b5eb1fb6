//! The function `list-passkeys`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::list_passkeys::FUNCTION.serve()
}
