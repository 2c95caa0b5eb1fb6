//! The function `enrol-totp`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::enrol_totp::FUNCTION.serve()
}
