//! The function `grant-staff`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::jobs::grant_staff::FUNCTION.serve()
}
