//! The function `logout-everywhere`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::logout_everywhere::FUNCTION.serve()
}
