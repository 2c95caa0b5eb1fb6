//! The function `end-user-sessions`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::end_user_sessions::FUNCTION.serve()
}
