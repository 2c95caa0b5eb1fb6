//! The function `list-sessions`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::list_sessions::FUNCTION.serve()
}
