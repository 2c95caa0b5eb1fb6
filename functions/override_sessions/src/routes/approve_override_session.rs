//! `PUT /workspaces/{workspace_id}/override-sessions/{override_session_id}/approval`: an owner approves a session of our staff.

use serde_json::json;
use shared::audit::Target;
use shared::identity::{OVERRIDE_APPROVAL, OverrideSession};
use shared::kernel::ids::OverrideSessionId;
use shared::prelude::route::*;
use shared::tenancy::Entitlement;
use shared::tenancy::permissions::ManageStaffAccess;

use crate::audit_actions::OVERRIDE_SESSION_APPROVED;
use crate::jobs::expire_override_session::ExpireOverrideSession;
use crate::view::OverrideSessionView;

/// Approves a pending session of our staff: it begins now, and lasts for its minutes. Repeating it changes nothing. To refuse a
/// session, end it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveOverrideSession {
    override_session_id: OverrideSessionId,
}

pub static FUNCTION: Function = Function::route::<ApproveOverrideSession>();

impl Endpoint for ApproveOverrideSession {
    const ROUTE: Route = Route::put(
        "approve-override-session",
        "/workspaces/{workspace_id}/override-sessions/{override_session_id}/approval",
    );
    const GRANTS: &'static [Grant] = &[Grant::WriteItems, Grant::DecideOverrides, Grant::ProveMembership];
    const NEEDS: &'static [Entitlement] = &[OVERRIDE_APPROVAL];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the session is read");
    type Access = Fresh<Workspace<ManageStaffAccess>>;
    type Output = Reply<OverrideSessionView>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let found = workspace.find_override(self.override_session_id).await?;
        if found.session().begun_at.is_some() {
            return Ok(Reply(found.into_session().into()));
        }
        let detail = json!({ "staff": found.session().staff, "access": found.session().access });
        let audited = Changes::default().audit(&OVERRIDE_SESSION_APPROVED, Target::from(self.override_session_id));
        let audited = audited.detail(detail);
        let expiring =
            |session: &OverrideSession| audited.send_at(&ExpireOverrideSession::of(session), session.ends_at());
        let session = workspace.approve_override(found, expiring).await?;
        Ok(Reply(session.into()))
    }
}
