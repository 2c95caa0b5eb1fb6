//! The function `purge-unverified-accounts`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::purge_unverified_accounts::FUNCTION.serve()
}
