//! The function `preview-post`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::routes::preview_post::FUNCTION.serve()
}
