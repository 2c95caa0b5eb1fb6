//! The function `get-member`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::get_member::FUNCTION.serve()
}
