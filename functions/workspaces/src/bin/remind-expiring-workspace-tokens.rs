//! The function `remind-expiring-workspace-tokens`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::jobs::remind_expiring_workspace_tokens::FUNCTION.serve()
}
