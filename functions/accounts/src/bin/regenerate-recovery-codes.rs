//! The function `regenerate-recovery-codes`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::regenerate_recovery_codes::FUNCTION.serve()
}
