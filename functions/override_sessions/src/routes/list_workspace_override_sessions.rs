//! `GET /staff/workspaces/{workspace_id}/override-sessions`: lists the sessions of the staff in a workspace.

use shared::identity::{OverrideWorkspaces, Staff};
use shared::kernel::ids::WorkspaceId;
use shared::prelude::route::*;
use shared::tenancy::WholeList;

use crate::view::OverrideSessionView;

/// Lists the open and pending sessions of the staff in a workspace, newest first: at most 100.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListWorkspaceOverrideSessions {
    workspace_id: WorkspaceId,
}

pub static FUNCTION: Function = Function::route::<ListWorkspaceOverrideSessions>();

impl Endpoint for ListWorkspaceOverrideSessions {
    const ROUTE: Route =
        Route::get("list-workspace-override-sessions", "/staff/workspaces/{workspace_id}/override-sessions");
    const GRANTS: &'static [Grant] = &[Grant::ListOverrides];
    type Access = Staff<OverrideWorkspaces>;
    type Output = Reply<WholeList<OverrideSessionView>>;

    async fn handle(self, staff: &Staff<OverrideWorkspaces>) -> Result<Self::Output, Problem> {
        let sessions = staff.overrides_in(self.workspace_id).await?;
        Ok(Reply(WholeList { items: sessions.into_iter().map(Into::into).collect() }))
    }
}
