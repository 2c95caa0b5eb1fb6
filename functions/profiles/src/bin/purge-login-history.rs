//! The function `purge-login-history`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::purge_login_history::FUNCTION.serve()
}
