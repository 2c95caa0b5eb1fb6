//! The function `publish-mastodon`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::jobs::publish_mastodon::FUNCTION.serve()
}
