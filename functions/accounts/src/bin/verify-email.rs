//! The function `verify-email`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::verify_email::FUNCTION.serve()
}
