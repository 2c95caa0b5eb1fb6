//! The function `publish-bluesky`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::jobs::publish_bluesky::FUNCTION.serve()
}
