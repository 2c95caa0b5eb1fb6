//! The function `get-jwks`.

fn main() -> Result<(), shared::function::Stopped> {
    accounts::get_jwks::FUNCTION.serve()
}
