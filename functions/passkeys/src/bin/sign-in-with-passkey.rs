//! The function `sign-in-with-passkey`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    passkeys::routes::sign_in_with_passkey::FUNCTION.serve()
}
