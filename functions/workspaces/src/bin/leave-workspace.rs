//! The function `leave-workspace`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::leave_workspace::FUNCTION.serve()
}
