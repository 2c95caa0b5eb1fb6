//! The function `list-workspace-override-sessions`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    override_sessions::routes::list_workspace_override_sessions::FUNCTION.serve()
}
