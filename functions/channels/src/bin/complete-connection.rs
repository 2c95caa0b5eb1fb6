//! The function `complete-connection`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::routes::complete_connection::FUNCTION.serve()
}
