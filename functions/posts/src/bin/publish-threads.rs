//! The function `publish-threads`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::jobs::publish_threads::FUNCTION.serve()
}
