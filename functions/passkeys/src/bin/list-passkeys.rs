//! The function `list-passkeys`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::routes::list_passkeys::FUNCTION.serve()
}
