//! The function `remove-member`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::remove_member::FUNCTION.serve()
}
