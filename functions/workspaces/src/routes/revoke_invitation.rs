//! `DELETE /workspaces/{workspace_id}/invitations/{invitation_id}`: revokes a pending invitation.

use shared::identity::invitation_error::{INVITATION_EXPIRED, INVITATION_REVOKED, INVITATION_USED};
use shared::identity::{Invitation, InvitationId};
use shared::prelude::route::*;

use crate::inviting::revoked;
use crate::permissions::ManageMembers;

/// Revokes a pending invitation: its links no longer work, and the address can be invited again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeInvitation {
    invitation_id: InvitationId,
}

pub static FUNCTION: Function = Function::route::<RevokeInvitation>();

impl Endpoint for RevokeInvitation {
    const ROUTE: Route = Route::delete("revoke-invitation", "/workspaces/{workspace_id}/invitations/{invitation_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ProveMembership];
    const PROBLEMS: &'static [ProblemCode] = &[INVITATION_EXPIRED, INVITATION_USED, INVITATION_REVOKED];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Invitation>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the invitation is read");
    type Access = Workspace<ManageMembers>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ManageMembers>) -> Result<Self::Output, Problem> {
        let mut invitation = workspace.get::<Invitation>(&self.invitation_id).await?;
        let audited = revoked(&mut invitation, workspace.now())?;
        workspace.commit_in_role(audited).await?;
        Ok(NoContent)
    }
}
