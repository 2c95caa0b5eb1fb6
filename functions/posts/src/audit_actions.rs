//! The audit actions of posts.

use shared::audit::AuditAction;

/// Publishing a post on a channel failed permanently.
pub static DELIVERY_FAILED: AuditAction = AuditAction::named("delivery.failed");

/// It is unknown whether a post was published on a channel, or sending it needs a decision.
pub static DELIVERY_HELD: AuditAction = AuditAction::named("delivery.held");

/// A post was published on a channel.
pub static DELIVERY_PUBLISHED: AuditAction = AuditAction::named("delivery.published");

/// A person said whether a held delivery was published.
pub static DELIVERY_RESOLVED: AuditAction = AuditAction::named("delivery.resolved");

/// A draft was written.
pub static POST_CREATED: AuditAction = AuditAction::named("post.created");

/// A post was moved to the trash.
pub static POST_DELETED: AuditAction = AuditAction::named("post.deleted");

/// A publish time was computed again, because the rules of its time zone changed.
pub static POST_SCHEDULE_REDERIVED: AuditAction = AuditAction::named("post.schedule_rederived");

/// A post was scheduled.
pub static POST_SCHEDULED: AuditAction = AuditAction::named("post.scheduled");

/// The schedule of a post was withdrawn.
pub static POST_UNSCHEDULED: AuditAction = AuditAction::named("post.unscheduled");

/// A post was changed.
pub static POST_UPDATED: AuditAction = AuditAction::named("post.updated");
