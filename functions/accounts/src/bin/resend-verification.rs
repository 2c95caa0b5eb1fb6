//! The function `resend-verification`.

fn main() -> Result<(), shared::function::Stopped> {
    accounts::resend_verification::FUNCTION.serve()
}
