//! The function `get-system-event`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::get_system_event::FUNCTION.serve()
}
