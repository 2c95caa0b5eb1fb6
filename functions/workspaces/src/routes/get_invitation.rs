//! `GET /workspaces/{workspace_id}/invitations/{invitation_id}`: reads an invitation.

use shared::identity::{Invitation, InvitationId};
use shared::prelude::route::*;

use crate::invitation::InvitationView;
use crate::permissions::ManageMembers;

/// Reads an invitation and its state.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetInvitation {
    invitation_id: InvitationId,
}

pub static FUNCTION: Function = Function::route::<GetInvitation>();

impl Endpoint for GetInvitation {
    const ROUTE: Route = Route::get("get-invitation", "/workspaces/{workspace_id}/invitations/{invitation_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Invitation>());
    type Access = Workspace<ManageMembers>;
    type Output = Reply<InvitationView>;

    async fn handle(self, workspace: &Workspace<ManageMembers>) -> Result<Self::Output, Problem> {
        Ok(Reply(InvitationView::from(&*workspace.get::<Invitation>(&self.invitation_id).await?)))
    }
}
