//! The function `list-system-events`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::list_system_events::FUNCTION.serve()
}
