//! The function `list-platforms`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::routes::list_platforms::FUNCTION.serve()
}
