//! The function `get-jwks`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::get_jwks::FUNCTION.serve()
}
