//! The function `send-email`.

fn main() -> Result<(), shared::function::Stopped> {
    mail::send_email::FUNCTION.serve()
}
