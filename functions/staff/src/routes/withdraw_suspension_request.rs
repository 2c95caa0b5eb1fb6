//! `DELETE /staff/workspaces/{workspace_id}/suspension-request`: withdraws the pending request to suspend a workspace.

use shared::identity::StaffWorkspace;
use shared::identity::suspension::SUSPENSION_REQUEST_OVER;
use shared::prelude::route::*;

use crate::permissions::RequestSuspensions;
use crate::suspension::{SUSPENSION_WITHDRAWN, occurrence};

/// Withdraws the pending request to suspend a workspace, also one of another member of the staff. 404 if there is none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawSuspensionRequest {}

const PATH: &str = "/staff/workspaces/{workspace_id}/suspension-request";

pub static FUNCTION: Function = Function::route::<WithdrawSuspensionRequest>();

impl Endpoint for WithdrawSuspensionRequest {
    const ROUTE: Route = Route::delete("withdraw-suspension-request", PATH);
    const GRANTS: &'static [Grant] = &[Grant::ProveStaff, Grant::RequestSuspensions];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(4, "the request is read, and each workspace needs another STS session");
    const PROBLEMS: &'static [ProblemCode] = &[SUSPENSION_REQUEST_OVER];
    type Access = StaffWorkspace<RequestSuspensions>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let request = workspace.suspension_request().await?.ok_or_else(Problem::not_found)?;
        let withdrawn = occurrence(&SUSPENSION_WITHDRAWN, workspace.id(), &request);
        workspace.withdraw_suspension(&request, withdrawn).await?;
        Ok(NoContent)
    }
}
