//! The function `list-audit-entries`.

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    audit_log::routes::list_audit_entries::FUNCTION.serve()
}
