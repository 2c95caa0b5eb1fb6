//! The function `step-up`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::step_up::FUNCTION.serve()
}
