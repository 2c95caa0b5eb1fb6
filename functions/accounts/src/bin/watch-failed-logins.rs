//! The function `watch-failed-logins`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::jobs::watch_failed_logins::FUNCTION.serve()
}
