//! The function `login`.

fn main() -> Result<(), shared::function::Stopped> {
    accounts::login::FUNCTION.serve()
}
