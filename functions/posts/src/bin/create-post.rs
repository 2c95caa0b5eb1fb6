//! The function `create-post`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::routes::create_post::FUNCTION.serve()
}
