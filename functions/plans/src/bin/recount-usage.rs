//! The function `recount-usage`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    plans::jobs::recount_usage::FUNCTION.serve()
}
