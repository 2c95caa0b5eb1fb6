//! The function `list-workspace-tokens`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::list_workspace_tokens::FUNCTION.serve()
}
