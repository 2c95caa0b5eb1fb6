//! The function `get-openapi`.

fn main() -> Result<(), shared::function::Stopped> {
    operations::get_openapi::FUNCTION.serve()
}
