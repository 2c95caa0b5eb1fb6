//! The function `sweep-orphan-keys`.

fn main() -> Result<(), shared::function::Stopped> {
    workspaces::sweep_orphan_keys::FUNCTION.serve()
}
