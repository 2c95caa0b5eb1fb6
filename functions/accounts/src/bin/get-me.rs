//! The function `get-me`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::get_me::FUNCTION.serve()
}
