//! The function `list-access-tokens`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::list_access_tokens::FUNCTION.serve()
}
