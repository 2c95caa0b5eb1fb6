//! The function `update-security`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::update_security::FUNCTION.serve()
}
