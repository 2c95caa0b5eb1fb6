//! The function `get-connection`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::routes::get_connection::FUNCTION.serve()
}
