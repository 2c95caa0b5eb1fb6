//! The function `confirm-email-change`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::confirm_email_change::FUNCTION.serve()
}
