//! The function `step-up-with-passkey`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::routes::step_up_with_passkey::FUNCTION.serve()
}
