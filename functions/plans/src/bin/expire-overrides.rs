//! The function `expire-overrides`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    plans::jobs::expire_overrides::FUNCTION.serve()
}
