//! The function `refresh-channel-tokens`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::jobs::refresh_channel_tokens::FUNCTION.serve()
}
