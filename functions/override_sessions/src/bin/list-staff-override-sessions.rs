//! The function `list-staff-override-sessions`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    override_sessions::routes::list_staff_override_sessions::FUNCTION.serve()
}
