//! The function `close-override-session`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    override_sessions::routes::close_override_session::FUNCTION.serve()
}
