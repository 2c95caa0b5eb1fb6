//! The function `reset-password`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    recovery::reset_password::FUNCTION.serve()
}
