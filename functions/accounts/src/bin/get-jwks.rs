//! The function `get-jwks`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::get_jwks::FUNCTION.serve()
}
