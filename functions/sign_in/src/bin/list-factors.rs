//! The function `list-factors`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::list_factors::FUNCTION.serve()
}
