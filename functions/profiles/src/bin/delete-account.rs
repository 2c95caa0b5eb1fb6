//! The function `delete-account`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::delete_account::FUNCTION.serve()
}
