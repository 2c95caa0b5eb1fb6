//! The function `connect-bluesky`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::routes::connect_bluesky::FUNCTION.serve()
}
