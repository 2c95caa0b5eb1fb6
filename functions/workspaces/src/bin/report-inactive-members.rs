//! The function `report-inactive-members`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::jobs::report_inactive_members::FUNCTION.serve()
}
