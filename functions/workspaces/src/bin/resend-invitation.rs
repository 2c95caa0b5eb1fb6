//! The function `resend-invitation`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::routes::resend_invitation::FUNCTION.serve()
}
