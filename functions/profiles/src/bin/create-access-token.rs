//! The function `create-access-token`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::create_access_token::FUNCTION.serve()
}
