//! The function `import-accounts`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::jobs::import_accounts::FUNCTION.serve()
}
