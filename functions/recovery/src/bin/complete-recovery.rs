//! The function `complete-recovery`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    recovery::routes::complete_recovery::FUNCTION.serve()
}
