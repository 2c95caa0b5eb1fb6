//! The function `mail-invitation`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    workspaces::jobs::mail_invitation::FUNCTION.serve()
}
