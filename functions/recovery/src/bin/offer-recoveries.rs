//! The function `offer-recoveries`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    recovery::jobs::offer_recoveries::FUNCTION.serve()
}
