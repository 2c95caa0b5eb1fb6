//! The function `replace-sender-keys`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    operations::jobs::replace_sender_keys::FUNCTION.serve()
}
