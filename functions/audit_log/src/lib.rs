//! The audit log, as the members of a workspace read it. It is written by `shared::audit`, with every change.

pub mod list_audit_entries;

use shared::function::Listed;

/// Every function of the domain, with its shapes.
pub static FUNCTIONS: &[Listed] =
    &[Listed::route::<list_audit_entries::ListAuditEntries>(&list_audit_entries::FUNCTION)];
