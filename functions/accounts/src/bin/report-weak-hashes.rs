//! The function `report-weak-hashes`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::jobs::report_weak_hashes::FUNCTION.serve()
}
