//! The function `list-members`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::list_members::FUNCTION.serve()
}
