//! The audit actions of workspaces.

use shared::audit::AuditAction;

/// A workspace was created.
pub static WORKSPACE_CREATED: AuditAction = AuditAction::named("workspace.created");

/// The security rules were changed.
pub static WORKSPACE_SECURITY_UPDATED: AuditAction = AuditAction::named("workspace.security_updated");

/// A member left the workspace.
pub static MEMBER_LEFT: AuditAction = AuditAction::named("member.left");

/// A member was removed by another one.
pub static MEMBER_REMOVED: AuditAction = AuditAction::named("member.removed");

/// A member's role was changed.
pub static MEMBER_ROLE_CHANGED: AuditAction = AuditAction::named("member.role_changed");

/// A user joined by an invitation.
pub static MEMBER_JOINED: AuditAction = AuditAction::named("member.joined");

/// An address was invited.
pub static INVITATION_SENT: AuditAction = AuditAction::named("invitation.sent");

/// A pending invitation was mailed again.
pub static INVITATION_RESENT: AuditAction = AuditAction::named("invitation.resent");

/// A pending invitation was revoked.
pub static INVITATION_REVOKED: AuditAction = AuditAction::named("invitation.revoked");

/// An invitation was declined.
pub static INVITATION_DECLINED: AuditAction = AuditAction::named("invitation.declined");

/// An invitation was not accepted in time.
pub static INVITATION_EXPIRED: AuditAction = AuditAction::named("invitation.expired");

/// The ownership was offered to a member.
pub static OWNERSHIP_OFFERED: AuditAction = AuditAction::named("ownership.offered");

/// An offer of ownership was withdrawn, or declined by its member.
pub static OWNERSHIP_OFFER_WITHDRAWN: AuditAction = AuditAction::named("ownership.offer_withdrawn");

/// A member became an owner.
pub static OWNERSHIP_ACCEPTED: AuditAction = AuditAction::named("ownership.accepted");

/// The workspace was renamed.
pub static WORKSPACE_RENAMED: AuditAction = AuditAction::named("workspace.renamed");

/// The settings of the workspace were changed.
pub static WORKSPACE_SETTINGS_UPDATED: AuditAction = AuditAction::named("workspace.settings_updated");

/// The workspace was moved to the trash.
pub static WORKSPACE_TRASHED: AuditAction = AuditAction::named("workspace.trashed");

/// The workspace was restored from the trash.
pub static WORKSPACE_RESTORED: AuditAction = AuditAction::named("workspace.restored");

/// A token of the workspace was created.
pub static WORKSPACE_TOKEN_CREATED: AuditAction = AuditAction::named("workspace_token.created");

/// A token of the workspace got another secret.
pub static WORKSPACE_TOKEN_ROTATED: AuditAction = AuditAction::named("workspace_token.rotated");

/// A token of the workspace was deleted.
pub static WORKSPACE_TOKEN_DELETED: AuditAction = AuditAction::named("workspace_token.deleted");

/// A token of the workspace expired.
pub static WORKSPACE_TOKEN_EXPIRED: AuditAction = AuditAction::named("workspace_token.expired");
