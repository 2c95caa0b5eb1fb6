//! The function `get-workspace`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::get_workspace::FUNCTION.serve()
}
