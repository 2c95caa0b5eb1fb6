//! The function `get-health`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    operations::routes::get_health::FUNCTION.serve()
}
