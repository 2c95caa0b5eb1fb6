//! The function `get-health`.

fn main() -> Result<(), shared::function::Stopped> {
    operations::get_health::FUNCTION.serve()
}
