//! The function `get-entitlements`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    plans::routes::get_entitlements::FUNCTION.serve()
}
