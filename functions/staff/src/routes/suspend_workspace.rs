//! `POST /staff/workspaces/{workspace_id}/suspend`: approves the suspension of a workspace.

use mail::MailUser;
use serde_json::json;
use shared::identity::suspension::{ALREADY_SUSPENDED, SECOND_PERSON_NEEDED, SUSPENSION_REQUEST_OVER};
use shared::identity::{StaffWorkspace, SuspensionError, SuspensionRequestId};
use shared::prelude::route::*;

use crate::permissions::{ApproveSuspensions, RequestSuspensions};
use crate::suspension::occurrence;
use crate::{audit_actions, letters, suspension};

/// Approves the request of another member of the staff, and suspends the workspace: its members are refused from their next
/// request on, nothing is published from it, and its owners are emailed. 403 to the member who requested it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendWorkspace {
    /// The request that the caller has read.
    request_id: SuspensionRequestId,
}

pub static FUNCTION: Function = Function::route::<SuspendWorkspace>();

impl Endpoint for SuspendWorkspace {
    const ROUTE: Route = Route::post("suspend-workspace", "/staff/workspaces/{workspace_id}/suspend");
    const GRANTS: &'static [Grant] = &[
        Grant::ProveStaff,
        Grant::WriteAudit,
        Grant::ReadPlan,
        Grant::ChangeDirectory,
        Grant::RequestSuspensions,
        Grant::ReadMembers,
    ];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        7,
        "the directory entry, the request, the requester and the owners are read, and each workspace needs another STS session",
    );
    const PROBLEMS: &'static [ProblemCode] = &[SUSPENSION_REQUEST_OVER, SECOND_PERSON_NEEDED, ALREADY_SUSPENDED];
    type Access = StaffWorkspace<ApproveSuspensions>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let directory = workspace.directory().await?;
        let request = workspace.suspension_request().await?.ok_or(SuspensionError::Over)?;
        let detail = json!({ "reason": request.reason, "requested_by": request.requested_by });
        let audited = Changes::default().audit(&audit_actions::WORKSPACE_SUSPENDED, workspace.id()).detail(detail);
        let letter = letters::workspace_suspended(directory.name(), &request.reason, workspace.now());
        let owners = workspace.owners().await?;
        let audited = audited.mail_to_each(owners, &letter);
        let suspended = occurrence(&suspension::WORKSPACE_SUSPENDED, workspace.id(), &request);
        let basis = (&directory, &request);
        workspace.suspend::<RequestSuspensions>(basis, self.request_id, audited, suspended).await?;
        Ok(NoContent)
    }
}
