//! The function `complete-upload`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    media::complete_upload::FUNCTION.serve()
}
