//! The function `login`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::login::FUNCTION.serve()
}
