//! The function `revoke-access-token`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::revoke_access_token::FUNCTION.serve()
}
