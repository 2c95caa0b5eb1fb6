//! The function `confirm-totp`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::confirm_totp::FUNCTION.serve()
}
