//! The suspension of a workspace: its events, and the request as the staff sees it.

use serde::Serialize;
use serde_json::json;
use shared::identity::{SuspensionRequest, SuspensionRequestId};
use shared::kernel::ids::{StaffId, WorkspaceId};
use shared::kernel::time::ApiTimestamp;
use shared::system_events::{EventKind, Occurrence, Severity};
use utoipa::ToSchema;

/// A member of the staff requested the suspension of a workspace. The subject of each of these is the workspace, and the
/// event's origin has the member.
pub static SUSPENSION_REQUESTED: EventKind = EventKind::security("suspension_requested", Severity::Warning);
/// A member of the staff withdrew a request.
pub static SUSPENSION_WITHDRAWN: EventKind = EventKind::security("suspension_withdrawn", Severity::Info);
/// A second member of the staff approved a request, and the workspace is suspended.
pub static WORKSPACE_SUSPENDED: EventKind = EventKind::security("workspace_suspended", Severity::Warning);
/// A member of the staff ended a suspension.
pub static WORKSPACE_RESUMED: EventKind = EventKind::security("workspace_resumed", Severity::Warning);

/// A pending request to suspend a workspace.
#[derive(Serialize, ToSchema)]
pub struct SuspensionRequestView {
    id: SuspensionRequestId,
    requested_by: StaffId,
    #[schema(example = "The workspace sends phishing links.")]
    reason: String,
    #[schema(example = "CASE-1024")]
    ticket: String,
    #[schema(value_type = String, format = DateTime)]
    requested_at: ApiTimestamp,
    /// Until when it can be approved.
    #[schema(value_type = String, format = DateTime)]
    expires_at: ApiTimestamp,
}

impl From<SuspensionRequest> for SuspensionRequestView {
    fn from(request: SuspensionRequest) -> Self {
        let SuspensionRequest { id, requested_by, reason, ticket, requested_at, expires_at, .. } = request;
        let (requested_at, expires_at) = (requested_at.into(), expires_at.into());
        Self { id, requested_by, reason, ticket, requested_at, expires_at }
    }
}

/// The event of a request, its withdrawal or its approval.
pub fn occurrence(kind: &'static EventKind, workspace: WorkspaceId, request: &SuspensionRequest) -> Occurrence {
    let SuspensionRequest { id, requested_by, reason, ticket, .. } = request;
    let detail = json!({ "request_id": id, "requested_by": requested_by, "reason": reason, "ticket": ticket });
    Occurrence::of(kind, workspace).detail(detail)
}
