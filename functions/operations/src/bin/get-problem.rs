//! The function `get-problem`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    operations::routes::get_problem::FUNCTION.serve()
}
