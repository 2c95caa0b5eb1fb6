//! The function `start-staff-sign-in`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::start_staff_sign_in::FUNCTION.serve()
}
