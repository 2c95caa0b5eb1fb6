//! The function `resend-open-invitation`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::resend_open_invitation::FUNCTION.serve()
}
