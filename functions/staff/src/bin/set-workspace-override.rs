//! The function `set-workspace-override`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::set_workspace_override::FUNCTION.serve()
}
