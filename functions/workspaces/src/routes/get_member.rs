//! `GET /workspaces/{workspace_id}/members/{user_id}`: reads a member.

use accounts::user::User;
use shared::identity::Member;
use shared::kernel::ids::UserId;
use shared::prelude::route::*;

use crate::member::{Addresses, MemberView};
use crate::permissions::ReadMembers;

/// Reads a member. Only callers who may manage members see the email address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetMember {
    user_id: UserId,
}

pub static FUNCTION: Function = Function::route::<GetMember>();

impl Endpoint for GetMember {
    const ROUTE: Route = Route::get("get-member", "/workspaces/{workspace_id}/members/{user_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::ReadUserRecords, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("members"));
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Member>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the user behind the member is read");
    type Access = Workspace<ReadMembers>;
    type Output = Reply<MemberView>;

    async fn handle(self, workspace: &Workspace<ReadMembers>) -> Result<Self::Output, Problem> {
        let addresses = Addresses::of(workspace);
        MemberView::vary(workspace)?;
        let (member, user) = workspace.member_with::<User>(self.user_id).await?;
        Ok(Reply(MemberView::new(&member, user.as_deref(), addresses, workspace.plan())))
    }
}
