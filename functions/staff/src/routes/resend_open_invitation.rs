//! `POST /staff/workspaces/{workspace_id}/invitations/{invitation_id}/resend`: sends an open invitation of a workspace again.

use crate::permissions::HandleInvitations;
use crate::reason::ShownReason;
use crate::support_action::occurrence;
use serde_json::json;
use shared::identity::invitation_error::{
    EMAIL_DOMAIN_NOT_ALLOWED, INVITATION_EXPIRED, INVITATION_REVOKED, INVITATION_USED,
};
use shared::identity::{Invitation, InvitationId, StaffWorkspace};
use shared::prelude::route::*;
use workspaces::audit_actions::INVITATION_RESENT;
use workspaces::inviting::sent_again;
use workspaces::problems::TOO_MANY_INVITATIONS;

/// Sends an invitation again, with a link that is valid for another 7 days. Counts as an invitation of the workspace's day.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendOpenInvitation {
    invitation_id: InvitationId,
    reason: ShownReason,
}

const PATH: &str = "/staff/workspaces/{workspace_id}/invitations/{invitation_id}/resend";

pub static FUNCTION: Function = Function::route::<ResendOpenInvitation>();

impl Endpoint for ResendOpenInvitation {
    const ROUTE: Route = Route::post("resend-open-invitation", PATH);
    const GRANTS: &'static [Grant] = &[Grant::ProveStaff, Grant::ReadPlan, Grant::GetItems, Grant::WriteItems];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the directory entry and the invitation are read");
    const PROBLEMS: &'static [ProblemCode] =
        &[INVITATION_EXPIRED, INVITATION_USED, INVITATION_REVOKED, EMAIL_DOMAIN_NOT_ALLOWED, TOO_MANY_INVITATIONS];
    type Access = StaffWorkspace<HandleInvitations>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let directory = workspace.directory().await?;
        let invitation = workspace.find::<Invitation>(&self.invitation_id).await?;
        let mut invitation = invitation.ok_or_else(Problem::not_found)?;
        let audited = sent_again(&mut invitation, directory.security(), workspace.now())?;
        let detail = json!({ "reason": self.reason });
        let sent = occurrence(
            workspace,
            INVITATION_RESENT.name(),
            &json!({ "invitation_id": invitation.id, "reason": self.reason }),
        );
        workspace.commit(&directory, audited.detail(detail), sent).await?;
        Ok(NoContent)
    }
}
