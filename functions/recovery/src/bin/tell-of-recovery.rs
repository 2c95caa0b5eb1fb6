//! The function `tell-of-recovery`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    recovery::jobs::tell_of_recovery::FUNCTION.serve()
}
