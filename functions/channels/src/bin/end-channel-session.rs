//! The function `end-channel-session`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::jobs::end_channel_session::FUNCTION.serve()
}
