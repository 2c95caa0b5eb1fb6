//! The function `login`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::login::FUNCTION.serve()
}
