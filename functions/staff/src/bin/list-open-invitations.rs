//! The function `list-open-invitations`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::list_open_invitations::FUNCTION.serve()
}
