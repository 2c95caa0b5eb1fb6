//! The function `expire-connections`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::jobs::expire_connections::FUNCTION.serve()
}
