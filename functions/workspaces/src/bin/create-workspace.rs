//! The function `create-workspace`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::create_workspace::FUNCTION.serve()
}
