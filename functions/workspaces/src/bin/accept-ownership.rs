//! The function `accept-ownership`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::accept_ownership::FUNCTION.serve()
}
