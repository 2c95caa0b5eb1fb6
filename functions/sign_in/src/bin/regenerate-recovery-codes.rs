//! The function `regenerate-recovery-codes`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::regenerate_recovery_codes::FUNCTION.serve()
}
