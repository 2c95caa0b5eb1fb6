//! `GET /workspaces/{workspace_id}/members`: lists the workspace's members.

use accounts::user::User;
use shared::identity::Member;
use shared::prelude::route::*;
use shared::tenancy::{Listing, Page, PageLimit};

use crate::member::{Addresses, MemberView};
use crate::permissions::ReadMembers;

/// Lists the workspace's members, oldest account first. Only callers who may manage members see email addresses.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListMembers {
    /// Members per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListMembers>();

impl Endpoint for ListMembers {
    const ROUTE: Route = Route::get("list-members", "/workspaces/{workspace_id}/members");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::ReadUserRecords, Grant::DeriveKeys, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("members"));
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the users behind the members are read");
    type Access = Workspace<ReadMembers>;
    type Output = Reply<Listing<MemberView>>;

    async fn handle(self, workspace: &Workspace<ReadMembers>) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: false };
        let Listing { items: members, next_cursor } = workspace.page::<Member>("", &page).await?;
        let users = workspace.records_of::<User>(&members).await?;
        let addresses = Addresses::of(workspace);
        let pairs = members.iter().zip(&users);
        let items =
            pairs.map(|(member, user)| MemberView::new(member, user.as_deref(), addresses, workspace.plan())).collect();
        Ok(Reply(Listing { items, next_cursor }))
    }
}
