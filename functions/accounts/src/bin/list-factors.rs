//! The function `list-factors`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::list_factors::FUNCTION.serve()
}
