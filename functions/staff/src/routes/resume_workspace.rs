//! `POST /staff/workspaces/{workspace_id}/resume`: ends the suspension of a workspace.

use mail::MailUser;
use serde_json::json;
use shared::identity::suspension::NOT_SUSPENDED;
use shared::identity::{StaffWorkspace, SuspensionError};
use shared::prelude::route::*;
use shared::system_events::Occurrence;

use crate::permissions::ResumeWorkspaces;
use crate::reason::ShownReason;
use crate::{audit_actions, letters, suspension};

/// Ends the suspension of a workspace: its members can use it from their next request on, and its owners are emailed. Posts
/// that were due in the meantime are not published.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeWorkspace {
    reason: ShownReason,
}

pub static FUNCTION: Function = Function::route::<ResumeWorkspace>();

impl Endpoint for ResumeWorkspace {
    const ROUTE: Route = Route::post("resume-workspace", "/staff/workspaces/{workspace_id}/resume");
    const GRANTS: &'static [Grant] =
        &[Grant::ProveStaff, Grant::WriteAudit, Grant::ReadPlan, Grant::ChangeDirectory, Grant::ReadMembers];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        5,
        "the directory entry and the owners are read, and each workspace needs another STS session",
    );
    const PROBLEMS: &'static [ProblemCode] = &[NOT_SUSPENDED];
    type Access = StaffWorkspace<ResumeWorkspaces>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let directory = workspace.directory().await?;
        if !directory.is_suspended() {
            return Err(SuspensionError::NotSuspended.into());
        }
        let reason = self.reason.into_text();
        let letter = letters::workspace_resumed(directory.name(), &reason, workspace.now());
        let detail = json!({ "reason": reason });
        let resumed = Occurrence::of(&suspension::WORKSPACE_RESUMED, workspace.id()).detail(detail.clone());
        let audited = Changes::default().audit(&audit_actions::WORKSPACE_RESUMED, workspace.id()).detail(detail);
        let owners = workspace.owners().await?;
        let audited = audited.mail_to_each(owners, &letter);
        workspace.change(directory.change().resume(), audited, resumed).await?;
        Ok(NoContent)
    }
}
