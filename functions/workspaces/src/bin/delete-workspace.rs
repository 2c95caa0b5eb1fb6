//! The function `delete-workspace`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::delete_workspace::FUNCTION.serve()
}
