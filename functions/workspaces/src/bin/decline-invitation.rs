//! The function `decline-invitation`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::decline_invitation::FUNCTION.serve()
}
