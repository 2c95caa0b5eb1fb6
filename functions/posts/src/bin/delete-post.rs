//! The function `delete-post`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::routes::delete_post::FUNCTION.serve()
}
