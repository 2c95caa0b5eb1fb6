//! The function `list-audit-entries`.

fn main() -> Result<(), shared::function::Stopped> {
    audit_log::list_audit_entries::FUNCTION.serve()
}
