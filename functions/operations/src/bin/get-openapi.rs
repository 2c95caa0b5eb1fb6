//! The function `get-openapi`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    operations::routes::get_openapi::FUNCTION.serve()
}
