//! The function `approve-override-session`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    override_sessions::routes::approve_override_session::FUNCTION.serve()
}
