//! The function `expire-workspace-tokens`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::jobs::expire_workspace_tokens::FUNCTION.serve()
}
