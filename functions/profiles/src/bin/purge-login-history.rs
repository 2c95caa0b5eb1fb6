//! The function `purge-login-history`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::jobs::purge_login_history::FUNCTION.serve()
}
