//! `PATCH /workspaces/{workspace_id}/members/{user_id}`: changes a member's role.

use accounts::user::User;
use shared::identity::Member;
use shared::identity::last_owner::LAST_OWNER;
use shared::kernel::ids::UserId;
use shared::prelude::route::*;
use shared::tenancy::AssignableRole;

use crate::audit_actions::MEMBER_ROLE_CHANGED;
use crate::member::{Addresses, MemberView};
use crate::permissions::ManageMembers;

/// Changes a member's role, effective from the member's next request. Only an owner can change an owner's role, and a
/// workspace keeps at least one owner. To make a member an owner, offer them the ownership.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMemberRole {
    user_id: UserId,
    #[serde(default)]
    #[schema(inline)]
    role: Patch<AssignableRole>,
}

pub static FUNCTION: Function = Function::route::<ChangeMemberRole>();

impl Endpoint for ChangeMemberRole {
    const ROUTE: Route = Route::patch("change-member-role", "/workspaces/{workspace_id}/members/{user_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeRoles, Grant::ReadUserRecords];
    const PROBLEMS: &'static [ProblemCode] = &[LAST_OWNER];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Member>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the member and the user behind the member are read");
    type Access = Workspace<ManageMembers>;
    type Output = Reply<MemberView>;

    async fn handle(self, workspace: &Workspace<ManageMembers>) -> Result<Self::Output, Problem> {
        let addresses = Addresses::of(workspace);
        MemberView::vary(workspace)?;
        let (mut member, user) = workspace.member_with::<User>(self.user_id).await?;
        if let Some(role) = self.role.given() {
            let detail = serde_json::json!({ "from": member.role, "to": role });
            let audited = Changes::default().audit(&MEMBER_ROLE_CHANGED, self.user_id).detail(detail);
            workspace.change_role(&mut member, role, audited).await?;
        }
        Ok(Reply(MemberView::new(&member, user.as_deref(), addresses, workspace.plan())))
    }
}
