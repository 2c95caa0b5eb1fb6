//! The function `look-up-workspace`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    staff::routes::look_up_workspace::FUNCTION.serve()
}
