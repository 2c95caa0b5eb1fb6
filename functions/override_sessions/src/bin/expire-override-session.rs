//! The function `expire-override-session`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    override_sessions::jobs::expire_override_session::FUNCTION.serve()
}
