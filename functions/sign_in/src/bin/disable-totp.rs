//! The function `disable-totp`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::disable_totp::FUNCTION.serve()
}
