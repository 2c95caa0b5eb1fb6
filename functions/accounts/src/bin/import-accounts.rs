//! The function `import-accounts`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    accounts::import_accounts::FUNCTION.serve()
}
