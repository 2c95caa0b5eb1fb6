//! The function `open-override-session`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    override_sessions::routes::open_override_session::FUNCTION.serve()
}
