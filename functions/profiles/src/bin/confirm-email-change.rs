//! The function `confirm-email-change`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::confirm_email_change::FUNCTION.serve()
}
