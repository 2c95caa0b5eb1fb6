//! The function `request-password-reset`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::request_password_reset::FUNCTION.serve()
}
