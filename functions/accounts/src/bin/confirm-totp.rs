//! The function `confirm-totp`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::confirm_totp::FUNCTION.serve()
}
