//! The routes of `audit_log`. Written by `make generate`: each file of this folder is one.

pub mod list_audit_entries;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<list_audit_entries::ListAuditEntries>(&list_audit_entries::FUNCTION),
];
