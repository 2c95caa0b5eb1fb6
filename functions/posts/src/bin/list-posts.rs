//! The function `list-posts`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::routes::list_posts::FUNCTION.serve()
}
