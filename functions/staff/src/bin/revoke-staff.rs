//! The function `revoke-staff`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::jobs::revoke_staff::FUNCTION.serve()
}
