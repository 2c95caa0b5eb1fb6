//! The function `request-password-reset`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::request_password_reset::FUNCTION.serve()
}
