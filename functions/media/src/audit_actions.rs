//! What the audit log says was done here.

use shared::audit::AuditAction;

/// An upload was checked: it is a picture, or was refused.
pub static MEDIA_COMPLETED: AuditAction = AuditAction::named("media.completed");

/// An upload was announced.
pub static MEDIA_UPLOAD_CREATED: AuditAction = AuditAction::named("media.upload_created");
