//! The audit actions of media.

use shared::audit::AuditAction;

/// An upload was completed: its file was checked and stored as a picture.
pub static MEDIA_COMPLETED: AuditAction = AuditAction::named("media.completed");

/// An upload was announced.
pub static MEDIA_UPLOAD_CREATED: AuditAction = AuditAction::named("media.upload_created");
