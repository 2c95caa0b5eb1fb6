//! The function `find-user`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::find_user::FUNCTION.serve()
}
