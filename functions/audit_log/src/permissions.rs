//! What members may do here; `permissions.json` of `shared` says which roles have it.

shared::permissions! {
    /// Reads the audit log of the workspace.
    ReadAuditLog;
}
