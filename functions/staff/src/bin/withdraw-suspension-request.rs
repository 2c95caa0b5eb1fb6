//! The function `withdraw-suspension-request`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::withdraw_suspension_request::FUNCTION.serve()
}
