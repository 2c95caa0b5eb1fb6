//! The function `expire-open-invitation`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::expire_open_invitation::FUNCTION.serve()
}
