//! `POST /staff/workspaces/{workspace_id}/suspension-request`: requests the suspension of a workspace.

use shared::identity::StaffWorkspace;
use shared::identity::suspension::{ALREADY_SUSPENDED, SUSPENSION_ALREADY_REQUESTED};
use shared::prelude::route::*;

use crate::permissions::RequestSuspensions;
use crate::reason::{ShownReason, StaffTicket};
use crate::suspension::{SUSPENSION_REQUESTED, SuspensionRequestView, occurrence};

/// Requests the suspension of a workspace. Another member of the staff must approve it within 24 hours; until then nothing
/// changes, and the workspace's members are not notified.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestSuspension {
    /// It is emailed to the owners and kept in the workspace's audit log if the request is approved.
    reason: ShownReason,
    ticket: StaffTicket,
}

pub static FUNCTION: Function = Function::route::<RequestSuspension>();

impl Endpoint for RequestSuspension {
    const ROUTE: Route = Route::post("request-suspension", "/staff/workspaces/{workspace_id}/suspension-request");
    const GRANTS: &'static [Grant] = &[Grant::ProveStaff, Grant::ReadPlan, Grant::RequestSuspensions];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(4, "the directory entry is read, and each workspace needs another STS session");
    const PROBLEMS: &'static [ProblemCode] = &[SUSPENSION_ALREADY_REQUESTED, ALREADY_SUSPENDED];
    type Access = StaffWorkspace<RequestSuspensions>;
    type Output = Reply<SuspensionRequestView>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let said = (self.reason.into_text(), self.ticket.into_text());
        let id = workspace.id();
        let requested =
            workspace.request_suspension(said, |request| occurrence(&SUSPENSION_REQUESTED, id, request)).await?;
        Ok(Reply(requested.into()))
    }
}
