//! The function `end-override-session`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    override_sessions::routes::end_override_session::FUNCTION.serve()
}
