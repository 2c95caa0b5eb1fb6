//! The function `expire-sessions`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::jobs::expire_sessions::FUNCTION.serve()
}
