//! The function `complete-staff-sign-in`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::complete_staff_sign_in::FUNCTION.serve()
}
