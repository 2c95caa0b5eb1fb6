//! The function `choose-account`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    channels::routes::choose_account::FUNCTION.serve()
}
