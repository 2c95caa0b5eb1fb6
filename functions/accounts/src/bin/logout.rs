//! The function `logout`.

fn main() -> Result<(), shared::function::Stopped> {
    accounts::logout::FUNCTION.serve()
}
