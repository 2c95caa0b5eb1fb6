//! The function `complete-staff-enrolment`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::complete_staff_enrolment::FUNCTION.serve()
}
