//! The function `resend-verification`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::resend_verification::FUNCTION.serve()
}
