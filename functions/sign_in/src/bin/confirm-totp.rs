//! The function `confirm-totp`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::confirm_totp::FUNCTION.serve()
}
