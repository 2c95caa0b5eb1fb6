//! The function `get-suspension-request`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::get_suspension_request::FUNCTION.serve()
}
