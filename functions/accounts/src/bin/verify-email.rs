//! The function `verify-email`.

fn main() -> Result<(), shared::function::Stopped> {
    accounts::verify_email::FUNCTION.serve()
}
