//! `POST /staff/workspaces/{workspace_id}/invitations/{invitation_id}/expire`: ends an open invitation of a workspace.

use serde_json::json;
use shared::identity::invitation_error::{INVITATION_EXPIRED, INVITATION_REVOKED, INVITATION_USED};
use shared::identity::{Invitation, InvitationId, StaffWorkspace};
use shared::prelude::route::*;
use workspaces::audit_actions::INVITATION_REVOKED as ENDED;
use workspaces::inviting::revoked;

use crate::permissions::HandleInvitations;
use crate::reason::ShownReason;
use crate::support_action::occurrence;

/// Ends an invitation: its links no longer work, and the address can be invited again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpireOpenInvitation {
    invitation_id: InvitationId,
    reason: ShownReason,
}

const PATH: &str = "/staff/workspaces/{workspace_id}/invitations/{invitation_id}/expire";

pub static FUNCTION: Function = Function::route::<ExpireOpenInvitation>();

impl Endpoint for ExpireOpenInvitation {
    const ROUTE: Route = Route::post("expire-open-invitation", PATH);
    const GRANTS: &'static [Grant] = &[Grant::ProveStaff, Grant::ReadPlan, Grant::GetItems, Grant::WriteItems];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the directory entry and the invitation are read");
    const PROBLEMS: &'static [ProblemCode] = &[INVITATION_EXPIRED, INVITATION_USED, INVITATION_REVOKED];
    type Access = StaffWorkspace<HandleInvitations>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let directory = workspace.directory().await?;
        let invitation = workspace.find::<Invitation>(&self.invitation_id).await?;
        let mut invitation = invitation.ok_or_else(Problem::not_found)?;
        let audited = revoked(&mut invitation, workspace.now())?;
        let detail = json!({ "reason": self.reason });
        let ended =
            occurrence(workspace, ENDED.name(), &json!({ "invitation_id": invitation.id, "reason": self.reason }));
        workspace.commit(&directory, audited.detail(detail), ended).await?;
        Ok(NoContent)
    }
}
