//! `GET /workspaces/{workspace_id}`: reads a workspace, with the caller's role and the plan.

use shared::prelude::route::*;
use shared::tenancy::permissions::ReadWorkspace;

use crate::workspace::{PROFILE_KEY, Profile, WorkspaceView};

/// Reads a workspace, with the caller's role and the plan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetWorkspace {}

pub static FUNCTION: Function = Function::route::<GetWorkspace>();

impl Endpoint for GetWorkspace {
    const ROUTE: Route = Route::get("get-workspace", "/workspaces/{workspace_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("workspaces"));
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Profile>());
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<WorkspaceView>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        WorkspaceView::vary(workspace)?;
        let profile = workspace.get::<Profile>(PROFILE_KEY).await?;
        Ok(Reply(WorkspaceView::of(workspace, &profile)))
    }
}
