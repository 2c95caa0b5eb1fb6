//! The function `create-workspace`.

fn main() -> Result<(), shared::function::Stopped> {
    workspaces::create_workspace::FUNCTION.serve()
}
