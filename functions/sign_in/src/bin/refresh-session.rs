//! The function `refresh-session`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::refresh_session::FUNCTION.serve()
}
