//! The function `restore-account`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    recovery::routes::restore_account::FUNCTION.serve()
}
