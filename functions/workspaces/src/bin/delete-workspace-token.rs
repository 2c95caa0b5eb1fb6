//! The function `delete-workspace-token`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::delete_workspace_token::FUNCTION.serve()
}
