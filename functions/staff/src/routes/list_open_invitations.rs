//! `GET /staff/workspaces/{workspace_id}/invitations`: lists the open invitations of a workspace.

use shared::identity::{Invitation, StaffWorkspace};
use shared::prelude::route::*;
use shared::tenancy::{Listing, Page, PageLimit};

use crate::looked_up;
use crate::open_invitation::OpenInvitation;
use crate::permissions::HandleInvitations;

/// Lists the invitations of a workspace that can be accepted, newest first, without the addresses: their first letter and their
/// domain. A page can have fewer items than its limit, because invitations that ended are left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListOpenInvitations {
    /// Invitations per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListOpenInvitations>();

impl Endpoint for ListOpenInvitations {
    const ROUTE: Route = Route::get("list-open-invitations", "/staff/workspaces/{workspace_id}/invitations");
    const GRANTS: &'static [Grant] = &[Grant::ReadPlan, Grant::ReadItems, Grant::DeriveKeys];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        4,
        "the look is recorded, and the directory entry is read, so that a missing workspace is 404",
    );
    type Access = StaffWorkspace<HandleInvitations>;
    type Output = Reply<Listing<OpenInvitation>>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        looked_up::record(workspace.staff(), workspace.id()).await?;
        workspace.directory().await?;
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: true };
        let Listing { items, next_cursor } = workspace.page::<Invitation>(&page).await?;
        let now = workspace.now();
        let items = items.iter().filter_map(|invitation| OpenInvitation::of(invitation, now)).collect();
        Ok(Reply(Listing { items, next_cursor }))
    }
}
