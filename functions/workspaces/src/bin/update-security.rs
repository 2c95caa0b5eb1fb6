//! The function `update-security`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::update_security::FUNCTION.serve()
}
