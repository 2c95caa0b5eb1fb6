//! The function `disable-totp`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::disable_totp::FUNCTION.serve()
}
