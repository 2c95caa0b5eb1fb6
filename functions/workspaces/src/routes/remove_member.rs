//! `DELETE /workspaces/{workspace_id}/members/{user_id}`: removes a member from the workspace.

use accounts::user::User;
use mail::SendEmail;
use shared::identity::last_owner::LAST_OWNER;
use shared::identity::{MEMBERS, Member};
use shared::kernel::ids::UserId;
use shared::prelude::route::*;

use crate::audit_actions::MEMBER_REMOVED;
use crate::letters;
use crate::member::MemberView;
use crate::permissions::ManageMembers;

/// Removes a member, who is emailed. Their access ends at their next request, and their personal access tokens for the workspace
/// never work again. What they created and connected stays. Only an owner can remove an owner, and a workspace keeps at least
/// one owner.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveMember {
    user_id: UserId,
}

pub static FUNCTION: Function = Function::route::<RemoveMember>();

impl Endpoint for RemoveMember {
    const ROUTE: Route = Route::delete("remove-member", "/workspaces/{workspace_id}/members/{user_id}");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::EndMemberships, Grant::ReadUserRecords];
    const PROBLEMS: &'static [ProblemCode] = &[LAST_OWNER];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Member>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        5,
        "the member and the user behind the member are read, and the change of the user's list needs another STS session",
    );
    type Access = Workspace<ManageMembers>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ManageMembers>) -> Result<Self::Output, Problem> {
        MemberView::vary(workspace)?;
        let (member, author) = workspace.member_with_own::<User>(self.user_id).await?;
        let audited = Changes::default().audit(&MEMBER_REMOVED, self.user_id).detail(member.role);
        let audited = audited.send_if(workspace.plan().after_removal(MEMBERS));
        let audited = if self.user_id == workspace.user()? {
            audited
        } else {
            let author = author.as_ref().map(|author| author.name.as_str());
            let letter = letters::member_removed(workspace.name(), author, workspace.now());
            audited.send(&SendEmail::to_user(self.user_id, letter))
        };
        workspace.remove(&member, audited).await?;
        Ok(NoContent)
    }
}
