//! The function `request-suspension`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::request_suspension::FUNCTION.serve()
}
