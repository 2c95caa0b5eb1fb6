//! The function `get-invitation`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::get_invitation::FUNCTION.serve()
}
