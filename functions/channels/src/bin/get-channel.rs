//! The function `get-channel`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::routes::get_channel::FUNCTION.serve()
}
