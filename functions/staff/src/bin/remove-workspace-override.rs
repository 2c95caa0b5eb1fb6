//! The function `remove-workspace-override`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::remove_workspace_override::FUNCTION.serve()
}
