//! The function `change-member-role`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::change_member_role::FUNCTION.serve()
}
