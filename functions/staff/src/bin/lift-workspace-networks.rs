//! The function `lift-workspace-networks`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::lift_workspace_networks::FUNCTION.serve()
}
