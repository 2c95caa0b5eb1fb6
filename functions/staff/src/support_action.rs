//! What the staff does for the support of one workspace: the event of each change.

use serde_json::{Value, json};
use shared::identity::{StaffPermission, StaffWorkspace};
use shared::system_events::{EventKind, Occurrence, Severity};

/// A member of the staff changed the plan's overrides or an invitation of a workspace. The subject is the workspace, and the
/// event's origin has the member.
pub static STAFF_CHANGED_WORKSPACE: EventKind = EventKind::security("staff_changed_workspace", Severity::Info);

/// A member of the staff lifted the networks that a workspace was limited to. The subject is the workspace.
pub static WORKSPACE_NETWORKS_LIFTED: EventKind = EventKind::security("workspace_networks_lifted", Severity::Warning);

/// The event of a change, with what is in the workspace's audit log.
pub fn occurrence<P: StaffPermission>(workspace: &StaffWorkspace<P>, action: &str, detail: &Value) -> Occurrence {
    let detail = json!({ "action": action, "detail": detail });
    Occurrence::of(&STAFF_CHANGED_WORKSPACE, workspace.id()).detail(detail)
}
