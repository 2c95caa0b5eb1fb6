//! The function `complete-recovery`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    recovery::complete_recovery::FUNCTION.serve()
}
