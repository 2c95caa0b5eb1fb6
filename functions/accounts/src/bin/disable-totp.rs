//! The function `disable-totp`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::disable_totp::FUNCTION.serve()
}
