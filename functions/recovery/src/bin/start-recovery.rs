//! The function `start-recovery`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    recovery::routes::start_recovery::FUNCTION.serve()
}
