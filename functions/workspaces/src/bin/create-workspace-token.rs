//! The function `create-workspace-token`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::create_workspace_token::FUNCTION.serve()
}
