//! The function `update-post`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::routes::update_post::FUNCTION.serve()
}
