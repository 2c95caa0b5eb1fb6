//! The audit actions of the staff.

use shared::audit::AuditAction;

/// Two members of the staff suspended the workspace.
pub static WORKSPACE_SUSPENDED: AuditAction = AuditAction::named("workspace.suspended");

/// A member of the staff lifted the networks that the workspace was limited to.
pub static WORKSPACE_NETWORKS_LIFTED: AuditAction = AuditAction::named("workspace.networks_lifted");

/// A member of the staff ended the suspension.
pub static WORKSPACE_RESUMED: AuditAction = AuditAction::named("workspace.resumed");
