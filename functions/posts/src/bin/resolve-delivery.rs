//! The function `resolve-delivery`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::routes::resolve_delivery::FUNCTION.serve()
}
