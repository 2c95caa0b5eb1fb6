//! The function `get-jwks`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::get_jwks::FUNCTION.serve()
}
