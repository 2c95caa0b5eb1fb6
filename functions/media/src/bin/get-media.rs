//! The function `get-media`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    media::routes::get_media::FUNCTION.serve()
}
