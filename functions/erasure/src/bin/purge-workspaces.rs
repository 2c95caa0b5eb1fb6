//! The function `purge-workspaces`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    erasure::jobs::purge_workspaces::FUNCTION.serve()
}
