//! The function `get-workspace`.

fn main() -> Result<(), shared::function::Stopped> {
    workspaces::get_workspace::FUNCTION.serve()
}
