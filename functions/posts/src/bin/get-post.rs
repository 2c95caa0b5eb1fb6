//! The function `get-post`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::routes::get_post::FUNCTION.serve()
}
