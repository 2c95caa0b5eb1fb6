//! The function `change-password`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::change_password::FUNCTION.serve()
}
