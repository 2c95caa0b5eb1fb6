//! The function `get-settings`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::get_settings::FUNCTION.serve()
}
