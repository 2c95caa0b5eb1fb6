//! The function `publish-instagram`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::jobs::publish_instagram::FUNCTION.serve()
}
