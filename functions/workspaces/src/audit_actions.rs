//! The audit actions of workspaces.

use shared::audit::AuditAction;

/// A workspace was created.
pub static WORKSPACE_CREATED: AuditAction = AuditAction::named("workspace.created");

/// The security rules for members' accounts were changed.
pub static WORKSPACE_SECURITY_UPDATED: AuditAction = AuditAction::named("workspace.security_updated");

/// A member left the workspace.
pub static MEMBER_LEFT: AuditAction = AuditAction::named("member.left");

/// A member was removed by another one.
pub static MEMBER_REMOVED: AuditAction = AuditAction::named("member.removed");

/// A member's role was changed.
pub static MEMBER_ROLE_CHANGED: AuditAction = AuditAction::named("member.role_changed");
