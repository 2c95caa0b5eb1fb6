//! The function `list-sign-ins`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::list_sign_ins::FUNCTION.serve()
}
