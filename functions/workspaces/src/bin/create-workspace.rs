//! The function `create-workspace`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::create_workspace::FUNCTION.serve()
}
