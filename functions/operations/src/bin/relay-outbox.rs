//! The function `relay-outbox`.

fn main() -> Result<(), shared::function::Stopped> {
    operations::relay_outbox::FUNCTION.serve()
}
