//! The function `change-email`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::change_email::FUNCTION.serve()
}
