//! The function `logout`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::logout::FUNCTION.serve()
}
