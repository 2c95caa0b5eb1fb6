//! The function `get-own-staff-member`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::get_own_staff_member::FUNCTION.serve()
}
