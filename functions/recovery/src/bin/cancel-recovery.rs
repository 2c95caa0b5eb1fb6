//! The function `cancel-recovery`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    recovery::routes::cancel_recovery::FUNCTION.serve()
}
