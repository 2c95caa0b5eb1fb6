//! `GET /staff/workspaces/{workspace_id}/suspension-request`: reads the pending request to suspend a workspace.

use shared::identity::StaffWorkspace;
use shared::prelude::route::*;

use crate::permissions::RequestSuspensions;
use crate::suspension::SuspensionRequestView;

/// Reads the pending request to suspend a workspace. 404 if there is none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetSuspensionRequest {}

pub static FUNCTION: Function = Function::route::<GetSuspensionRequest>();

impl Endpoint for GetSuspensionRequest {
    const ROUTE: Route = Route::get("get-suspension-request", "/staff/workspaces/{workspace_id}/suspension-request");
    const GRANTS: &'static [Grant] = &[Grant::ReadSuspensionRequests];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "each workspace needs another STS session");
    type Access = StaffWorkspace<RequestSuspensions>;
    type Output = Reply<SuspensionRequestView>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let request = workspace.suspension_request().await?.ok_or_else(Problem::not_found)?;
        Ok(Reply(request.into()))
    }
}
