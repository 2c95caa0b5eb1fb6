//! `DELETE /staff/workspaces/{workspace_id}/override-sessions/{override_session_id}`: ends a session, by the staff.

use shared::audit::Target;
use shared::identity::{OverrideWorkspaces, Staff};
use shared::kernel::ids::{OverrideSessionId, WorkspaceId};
use shared::prelude::route::*;

use crate::audit_actions::OVERRIDE_SESSION_ENDED;
use crate::opening;

/// Ends a session of the staff in a workspace, the caller's or another member's: its token is refused from the next request
/// on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseOverrideSession {
    workspace_id: WorkspaceId,
    override_session_id: OverrideSessionId,
}

pub static FUNCTION: Function = Function::route::<CloseOverrideSession>();

impl Endpoint for CloseOverrideSession {
    const ROUTE: Route = Route::delete(
        "close-override-session",
        "/staff/workspaces/{workspace_id}/override-sessions/{override_session_id}",
    );
    const GRANTS: &'static [Grant] = &[Grant::ReadStaff, Grant::OpenOverrides, Grant::WriteAudit, Grant::ListOverrides];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the session is read, and the caller's name for the audit log");
    type Access = Staff<OverrideWorkspaces>;
    type Output = NoContent;

    async fn handle(self, staff: &Staff<OverrideWorkspaces>) -> Result<Self::Output, Problem> {
        let Self { workspace_id, override_session_id: id } = self;
        let member = opening::own_record(staff).await?;
        let audited = Changes::default().audit(&OVERRIDE_SESSION_ENDED, Target::from(id));
        staff.end_override(workspace_id, id, member.name.as_str(), audited).await?;
        Ok(NoContent)
    }
}
