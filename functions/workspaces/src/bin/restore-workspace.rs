//! The function `restore-workspace`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::restore_workspace::FUNCTION.serve()
}
