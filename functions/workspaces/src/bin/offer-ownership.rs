//! The function `offer-ownership`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::offer_ownership::FUNCTION.serve()
}
