//! The function `list-workspaces`.

fn main() -> Result<(), shared::function::Stopped> {
    workspaces::list_workspaces::FUNCTION.serve()
}
