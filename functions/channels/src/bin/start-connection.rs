//! The function `start-connection`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::routes::start_connection::FUNCTION.serve()
}
