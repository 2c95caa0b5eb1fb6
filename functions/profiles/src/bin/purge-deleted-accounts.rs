//! The function `purge-deleted-accounts`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    profiles::jobs::purge_deleted_accounts::FUNCTION.serve()
}
