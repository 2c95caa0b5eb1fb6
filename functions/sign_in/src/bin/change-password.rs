//! The function `change-password`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::change_password::FUNCTION.serve()
}
