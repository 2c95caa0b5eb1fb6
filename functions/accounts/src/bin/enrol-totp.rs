//! The function `enrol-totp`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::enrol_totp::FUNCTION.serve()
}
