//! The function `get-channel`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::get_channel::FUNCTION.serve()
}
