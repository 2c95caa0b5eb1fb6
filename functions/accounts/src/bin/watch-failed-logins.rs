//! The function `watch-failed-logins`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::watch_failed_logins::FUNCTION.serve()
}
