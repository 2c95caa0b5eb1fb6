//! The function `set-override`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    plans::jobs::set_override::FUNCTION.serve()
}
