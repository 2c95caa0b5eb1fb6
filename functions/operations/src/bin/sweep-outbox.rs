//! The function `sweep-outbox`.

fn main() -> Result<(), shared::function::Stopped> {
    operations::sweep_outbox::FUNCTION.serve()
}
