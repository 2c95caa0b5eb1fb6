//! The function `complete-upload`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    media::routes::complete_upload::FUNCTION.serve()
}
