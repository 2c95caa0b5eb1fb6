//! The function `list-factors`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::list_factors::FUNCTION.serve()
}
