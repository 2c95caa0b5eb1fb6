//! The audit actions of workspaces.

use shared::audit::AuditAction;

/// A workspace was created.
pub static WORKSPACE_CREATED: AuditAction = AuditAction::named("workspace.created");

/// The security rules for members' accounts were changed.
pub static WORKSPACE_SECURITY_UPDATED: AuditAction = AuditAction::named("workspace.security_updated");
