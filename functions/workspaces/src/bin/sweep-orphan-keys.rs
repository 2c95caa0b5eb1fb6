//! The function `sweep-orphan-keys`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::jobs::sweep_orphan_keys::FUNCTION.serve()
}
