//! The function `acknowledge-system-event`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::acknowledge_system_event::FUNCTION.serve()
}
