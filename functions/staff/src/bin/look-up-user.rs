//! The function `look-up-user`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::look_up_user::FUNCTION.serve()
}
