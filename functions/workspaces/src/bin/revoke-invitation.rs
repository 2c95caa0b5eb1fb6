//! The function `revoke-invitation`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::revoke_invitation::FUNCTION.serve()
}
