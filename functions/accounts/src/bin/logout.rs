//! The function `logout`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::logout::FUNCTION.serve()
}
