//! The function `rename-workspace`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::rename_workspace::FUNCTION.serve()
}
