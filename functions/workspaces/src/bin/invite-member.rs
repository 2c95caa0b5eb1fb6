//! The function `invite-member`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::invite_member::FUNCTION.serve()
}
