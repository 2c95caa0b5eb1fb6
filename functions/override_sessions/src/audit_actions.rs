//! The audit actions of override sessions. `override_session.used` is recorded at admission (`shared`).

use shared::audit::AuditAction;

/// A member of the staff opened a session into the workspace.
pub static OVERRIDE_SESSION_OPENED: AuditAction = AuditAction::named("override_session.opened");

/// A member of the staff asked an owner to approve a session.
pub static OVERRIDE_SESSION_REQUESTED: AuditAction = AuditAction::named("override_session.requested");

/// An owner approved a session, which began.
pub static OVERRIDE_SESSION_APPROVED: AuditAction = AuditAction::named("override_session.approved");

/// The staff or an owner ended a session, or withdrew or refused one that waited.
pub static OVERRIDE_SESSION_ENDED: AuditAction = AuditAction::named("override_session.ended");

/// The time of a session was over, or that in which a pending one could be approved.
pub static OVERRIDE_SESSION_EXPIRED: AuditAction = AuditAction::named("override_session.expired");
