//! The function `sign-out-staff`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::sign_out_staff::FUNCTION.serve()
}
