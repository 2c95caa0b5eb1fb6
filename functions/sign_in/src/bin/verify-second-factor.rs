//! The function `verify-second-factor`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    sign_in::routes::verify_second_factor::FUNCTION.serve()
}
