//! The function `delete-post`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::delete_post::FUNCTION.serve()
}
