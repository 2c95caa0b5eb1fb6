//! The function `relay-outbox`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    operations::jobs::relay_outbox::FUNCTION.serve()
}
