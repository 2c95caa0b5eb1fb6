//! The function `list-deliveries`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::routes::list_deliveries::FUNCTION.serve()
}
