//! The function `revoke-session`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::revoke_session::FUNCTION.serve()
}
