//! The function `publish-post`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::jobs::publish_post::FUNCTION.serve()
}
