//! The function `cancel-email-change`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::cancel_email_change::FUNCTION.serve()
}
