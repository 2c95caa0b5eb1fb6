//! The function `expire-sessions`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::jobs::expire_sessions::FUNCTION.serve()
}
