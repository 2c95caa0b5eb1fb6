//! `DELETE /workspaces/{workspace_id}/membership`: ends the caller's own membership.

use shared::identity::last_owner::LAST_OWNER;
use shared::identity::{InTrash, MEMBERS};
use shared::prelude::route::*;
use shared::tenancy::permissions::ReadWorkspace;

use crate::audit_actions::MEMBER_LEFT;

/// Leaves the workspace. The caller's access ends at their next request, and their personal access tokens for the
/// workspace never work again. The last owner transfers the ownership first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveWorkspace {}

pub static FUNCTION: Function = Function::route::<LeaveWorkspace>();

impl Endpoint for LeaveWorkspace {
    const ROUTE: Route = Route::delete("leave-workspace", "/workspaces/{workspace_id}/membership");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems, Grant::EndMemberships];
    const PROBLEMS: &'static [ProblemCode] = &[LAST_OWNER];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the change of the caller's list needs another STS session");
    type Access = InTrash<Workspace<ReadWorkspace>>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let audited = Changes::default().audit(&MEMBER_LEFT, workspace.user()?).detail(workspace.role());
        let audited = audited.send_if(workspace.plan().after_removal(MEMBERS));
        workspace.leave(audited).await?;
        Ok(NoContent)
    }
}
