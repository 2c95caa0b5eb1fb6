//! The function `notify-reauthorisation`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::jobs::notify_reauthorisation::FUNCTION.serve()
}
