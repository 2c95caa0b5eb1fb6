//! The function `step-up`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::step_up::FUNCTION.serve()
}
