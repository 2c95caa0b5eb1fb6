//! The function `watch-failed-logins`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::jobs::watch_failed_logins::FUNCTION.serve()
}
