//! The function `start-staff-enrolment`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::start_staff_enrolment::FUNCTION.serve()
}
