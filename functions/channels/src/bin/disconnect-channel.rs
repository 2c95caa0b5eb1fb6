//! The function `disconnect-channel`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::routes::disconnect_channel::FUNCTION.serve()
}
