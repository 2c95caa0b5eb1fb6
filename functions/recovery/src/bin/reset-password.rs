//! The function `reset-password`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    recovery::routes::reset_password::FUNCTION.serve()
}
