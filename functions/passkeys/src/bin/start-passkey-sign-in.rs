//! The function `start-passkey-sign-in`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::routes::start_passkey_sign_in::FUNCTION.serve()
}
