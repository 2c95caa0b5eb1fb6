//! The function `accept-invitation`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::accept_invitation::FUNCTION.serve()
}
