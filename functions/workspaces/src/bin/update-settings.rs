//! The function `update-settings`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::update_settings::FUNCTION.serve()
}
