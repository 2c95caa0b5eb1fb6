//! The function `rotate-workspace-token`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::rotate_workspace_token::FUNCTION.serve()
}
