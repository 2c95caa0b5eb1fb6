//! The function `sweep-outbox`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    operations::jobs::sweep_outbox::FUNCTION.serve()
}
