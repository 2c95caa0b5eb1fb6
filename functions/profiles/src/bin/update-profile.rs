//! The function `update-profile`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::routes::update_profile::FUNCTION.serve()
}
