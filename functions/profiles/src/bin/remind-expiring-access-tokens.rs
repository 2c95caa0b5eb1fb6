//! The function `remind-expiring-access-tokens`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::jobs::remind_expiring_access_tokens::FUNCTION.serve()
}
