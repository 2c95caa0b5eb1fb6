//! The audit actions of plans.

use shared::audit::AuditAction;

/// An operator set an override of the plan.
pub static OVERRIDE_APPLIED: AuditAction = AuditAction::named("plan_override.applied");

/// An operator removed an override before it expired.
pub static OVERRIDE_REMOVED: AuditAction = AuditAction::named("plan_override.removed");

/// Something became read-only because the plan has no room for it, or is no longer.
pub static PLAN_LIMITS_APPLIED: AuditAction = AuditAction::named("plan_limits.applied");

/// An override expired.
pub static OVERRIDE_EXPIRED: AuditAction = AuditAction::named("plan_override.expired");
