//! The function `list-invitations`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::list_invitations::FUNCTION.serve()
}
