//! The function `get-security`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::get_security::FUNCTION.serve()
}
