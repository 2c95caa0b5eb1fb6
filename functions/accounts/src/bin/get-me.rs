//! The function `get-me`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::routes::get_me::FUNCTION.serve()
}
