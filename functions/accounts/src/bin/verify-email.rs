//! The function `verify-email`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::verify_email::FUNCTION.serve()
}
