//! The function `register`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::register::FUNCTION.serve()
}
