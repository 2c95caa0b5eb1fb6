//! The function `refresh-session`.

fn main() -> Result<(), shared::function::Stopped> {
    accounts::refresh_session::FUNCTION.serve()
}
