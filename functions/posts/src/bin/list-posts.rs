//! The function `list-posts`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::list_posts::FUNCTION.serve()
}
