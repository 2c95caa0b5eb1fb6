//! The function `refresh-session`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::refresh_session::FUNCTION.serve()
}
