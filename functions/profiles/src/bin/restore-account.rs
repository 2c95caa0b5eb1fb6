//! The function `restore-account`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::restore_account::FUNCTION.serve()
}
