//! The function `withdraw-ownership-offer`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::withdraw_ownership_offer::FUNCTION.serve()
}
