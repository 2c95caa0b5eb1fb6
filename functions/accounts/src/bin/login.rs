//! The function `login`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::login::FUNCTION.serve()
}
