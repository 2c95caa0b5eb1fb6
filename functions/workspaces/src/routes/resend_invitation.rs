//! `POST /workspaces/{workspace_id}/invitations/{invitation_id}/resend`: mails a pending invitation again.

use shared::identity::invitation_error::{
    EMAIL_DOMAIN_NOT_ALLOWED, INVITATION_EXPIRED, INVITATION_REVOKED, INVITATION_USED,
};
use shared::identity::{Invitation, InvitationId};
use shared::prelude::route::*;

use crate::invitation::InvitationView;
use crate::inviting::sent_again;
use crate::permissions::ManageMembers;
use crate::problems;

/// Mails a pending invitation again, with a link that is valid for another 7 days. Counts as an invitation of the day.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendInvitation {
    invitation_id: InvitationId,
}

const PATH: &str = "/workspaces/{workspace_id}/invitations/{invitation_id}/resend";

pub static FUNCTION: Function = Function::route::<ResendInvitation>();

impl Endpoint for ResendInvitation {
    const ROUTE: Route = Route::post("resend-invitation", PATH);
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ProveMembership];
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<Invitation>();
    const PROBLEMS: &'static [ProblemCode] = &[
        INVITATION_EXPIRED,
        INVITATION_USED,
        INVITATION_REVOKED,
        EMAIL_DOMAIN_NOT_ALLOWED,
        problems::TOO_MANY_INVITATIONS,
    ];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Invitation>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the invitation is read");
    type Access = Workspace<ManageMembers>;
    type Output = Reply<InvitationView>;

    async fn handle(self, workspace: &Workspace<ManageMembers>) -> Result<Self::Output, Problem> {
        let mut invitation = workspace.get::<Invitation>(&self.invitation_id).await?;
        let audited = sent_again(&mut invitation, workspace.security(), workspace.now())?;
        workspace.commit_in_role(audited).await?;
        Ok(Reply(InvitationView::from(&*invitation)))
    }
}
