//! The function `get-usage`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    plans::routes::get_usage::FUNCTION.serve()
}
