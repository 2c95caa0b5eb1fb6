//! The permissions of the audit log; `permissions.json` of `shared` maps roles to them.

shared::permissions! {
    /// Reads the audit log of the workspace.
    ReadAuditLog;
}
