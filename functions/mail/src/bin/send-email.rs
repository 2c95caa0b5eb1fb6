//! The function `send-email`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    mail::jobs::send_email::FUNCTION.serve()
}
