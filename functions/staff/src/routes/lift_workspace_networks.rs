//! `POST /staff/workspaces/{workspace_id}/lift-networks`: lifts the networks that a workspace is limited to.

use mail::MailUser;
use serde_json::json;
use shared::identity::StaffWorkspace;
use shared::prelude::route::*;
use shared::system_events::Occurrence;

use crate::permissions::LiftNetworks;
use crate::reason::{ShownReason, StaffTicket};
use crate::support_action::WORKSPACE_NETWORKS_LIFTED;
use crate::{audit_actions, letters, problems};

/// Lifts the networks that a workspace is limited to, because no admin can reach it from one of them any more. Its members can
/// use it from every network from their next request on, its other security rules still apply, and its owners are emailed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftWorkspaceNetworks {
    reason: ShownReason,
    ticket: StaffTicket,
}

pub static FUNCTION: Function = Function::route::<LiftWorkspaceNetworks>();

impl Endpoint for LiftWorkspaceNetworks {
    const ROUTE: Route = Route::post("lift-workspace-networks", "/staff/workspaces/{workspace_id}/lift-networks");
    const GRANTS: &'static [Grant] =
        &[Grant::ProveStaff, Grant::WriteAudit, Grant::ReadPlan, Grant::ChangeDirectory, Grant::ReadMembers];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        5,
        "the directory entry and the owners are read, and each workspace needs another STS session",
    );
    const PROBLEMS: &'static [ProblemCode] = &[problems::NETWORKS_NOT_LIMITED];
    type Access = StaffWorkspace<LiftNetworks>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let directory = workspace.directory().await?;
        let networks = &directory.security().networks;
        if networks.is_empty() {
            let detail = "This workspace can be used from every network.";
            return Err(Problem::new(problems::NETWORKS_NOT_LIMITED, detail));
        }
        let (reason, ticket) = (self.reason.into_text(), self.ticket.into_text());
        let letter = letters::networks_lifted(directory.name(), &reason, workspace.now());
        // The networks, so that an admin can set them again.
        let detail = json!({ "reason": reason, "networks": networks });
        let event = json!({ "reason": reason, "networks": networks, "ticket": ticket });
        let lifted = Occurrence::of(&WORKSPACE_NETWORKS_LIFTED, workspace.id()).detail(event);
        let audited = Changes::default().audit(&audit_actions::WORKSPACE_NETWORKS_LIFTED, workspace.id());
        let audited = audited.detail(detail).mail_to_each(workspace.owners().await?, &letter);
        workspace.change(directory.change().lift_networks(directory.security()), audited, lifted).await?;
        Ok(NoContent)
    }
}
