//! The function `list-workspaces`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::list_workspaces::FUNCTION.serve()
}
