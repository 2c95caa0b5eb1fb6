//! The function `list-ownership-offers`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::list_ownership_offers::FUNCTION.serve()
}
