//! `GET /workspaces/{workspace_id}/invitations`: lists the workspace's invitations, newest first.

use shared::identity::Invitation;
use shared::prelude::route::*;
use shared::tenancy::{Listing, Page, PageLimit};

use crate::invitation::InvitationView;
use crate::permissions::ManageMembers;

/// Lists the workspace's invitations, newest first: those that can be accepted, and those that ended within the last 30
/// days.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListInvitations {
    /// Invitations per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListInvitations>();

impl Endpoint for ListInvitations {
    const ROUTE: Route = Route::get("list-invitations", "/workspaces/{workspace_id}/invitations");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::DeriveKeys];
    type Access = Workspace<ManageMembers>;
    type Output = Reply<Listing<InvitationView>>;

    async fn handle(self, workspace: &Workspace<ManageMembers>) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: true };
        let invitations = workspace.page::<Invitation>("", &page).await?;
        Ok(Reply(invitations.map(|invitation| InvitationView::from(&*invitation))))
    }
}
