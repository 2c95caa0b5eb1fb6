//! The function `expire-invitations`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::jobs::expire_invitations::FUNCTION.serve()
}
