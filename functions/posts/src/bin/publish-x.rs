//! The function `publish-x`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    posts::jobs::publish_x::FUNCTION.serve()
}
