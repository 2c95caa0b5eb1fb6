//! The function `purge-unverified-accounts`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::jobs::purge_unverified_accounts::FUNCTION.serve()
}
