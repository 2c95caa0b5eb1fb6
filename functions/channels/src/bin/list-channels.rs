//! The function `list-channels`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::routes::list_channels::FUNCTION.serve()
}
