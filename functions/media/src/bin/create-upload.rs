//! The function `create-upload`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    media::routes::create_upload::FUNCTION.serve()
}
