//! The function `update-profile`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::update_profile::FUNCTION.serve()
}
