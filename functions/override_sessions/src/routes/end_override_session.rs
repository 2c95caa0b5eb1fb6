//! `DELETE /workspaces/{workspace_id}/override-sessions/{override_session_id}`: an owner ends a session of our staff.

use serde_json::json;
use shared::audit::Target;
use shared::kernel::ids::OverrideSessionId;
use shared::prelude::route::*;
use shared::tenancy::permissions::ManageStaffAccess;

use crate::audit_actions::OVERRIDE_SESSION_ENDED;

/// Ends a session of our staff, or refuses one that waits: its token is refused from the next request on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndOverrideSession {
    override_session_id: OverrideSessionId,
}

pub static FUNCTION: Function = Function::route::<EndOverrideSession>();

impl Endpoint for EndOverrideSession {
    const ROUTE: Route =
        Route::delete("end-override-session", "/workspaces/{workspace_id}/override-sessions/{override_session_id}");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems, Grant::DecideOverrides, Grant::ProveMembership];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the session is read");
    // No fresh factor is required: an owner who sees a session that should not be must be able to end it at once.
    type Access = Workspace<ManageStaffAccess>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ManageStaffAccess>) -> Result<Self::Output, Problem> {
        let found = workspace.find_override(self.override_session_id).await?;
        let detail = json!({ "staff": found.session().staff });
        let audited = Changes::default().audit(&OVERRIDE_SESSION_ENDED, Target::from(self.override_session_id));
        workspace.end_override(&found, audited.detail(detail)).await?;
        Ok(NoContent)
    }
}
