//! The function `get-me`.

fn main() -> Result<(), shared::function::Stopped> {
    accounts::get_me::FUNCTION.serve()
}
