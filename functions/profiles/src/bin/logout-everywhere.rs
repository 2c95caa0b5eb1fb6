//! The function `logout-everywhere`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::logout_everywhere::FUNCTION.serve()
}
