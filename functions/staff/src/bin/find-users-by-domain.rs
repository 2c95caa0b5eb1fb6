//! The function `find-users-by-domain`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::find_users_by_domain::FUNCTION.serve()
}
