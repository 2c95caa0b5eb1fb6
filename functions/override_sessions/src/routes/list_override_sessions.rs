//! `GET /workspaces/{workspace_id}/override-sessions`: lists the sessions of our staff in the workspace.

use shared::prelude::route::*;
use shared::tenancy::WholeList;
use shared::tenancy::permissions::ManageStaffAccess;

use crate::view::OverrideSessionView;

/// Lists the sessions of our staff in the workspace that are open or pending, or ended in the last 30 days, newest first: at most
/// 100. The audit log has what was done in each.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListOverrideSessions {}

pub static FUNCTION: Function = Function::route::<ListOverrideSessions>();

impl Endpoint for ListOverrideSessions {
    const ROUTE: Route = Route::get("list-override-sessions", "/workspaces/{workspace_id}/override-sessions");
    const GRANTS: &'static [Grant] = &[Grant::ReadOverrides];
    type Access = Workspace<ManageStaffAccess>;
    type Output = Reply<WholeList<OverrideSessionView>>;

    async fn handle(self, workspace: &Workspace<ManageStaffAccess>) -> Result<Self::Output, Problem> {
        let sessions = workspace.overrides().await?;
        Ok(Reply(WholeList { items: sessions.into_iter().map(Into::into).collect() }))
    }
}
