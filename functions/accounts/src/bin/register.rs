//! The function `register`.

fn main() -> Result<(), shared::function::Stopped> {
    accounts::register::FUNCTION.serve()
}
