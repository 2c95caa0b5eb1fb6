//! `GET /workspaces/{workspace_id}`: one workspace, with the caller's role and its plan.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::problems::Problem;
use shared::tenancy::{Reviewer, SecurityRules, Workspace};
use utoipa::ToSchema;

use crate::workspace::{PROFILE_KEY, Profile, WorkspaceView};

/// Gives one workspace, with the caller's role and its plan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetWorkspace {
    #[serde(rename = "workspace_id")]
    _workspace_id: WorkspaceId,
}

pub static FUNCTION: Function = Function::route::<GetWorkspace>();

impl Endpoint for GetWorkspace {
    const ROUTE: Route = Route::get("get-workspace", "/workspaces/{workspace_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems];
    type Access = Workspace<Reviewer>;
    type Output = Found<WorkspaceView>;

    async fn handle(self, workspace: &Workspace<Reviewer>) -> Result<Self::Output, Problem> {
        let SecurityRules { second_factor, admin_recovery } = workspace.security();
        let profile = workspace.get::<Profile>(PROFILE_KEY).await?;
        Ok(Found(WorkspaceView {
            id: workspace.id(),
            name: profile.name.as_str().to_owned(),
            role: workspace.role(),
            plan: workspace.plan().to_owned(),
            second_factor,
            admin_recovery,
            created_at: profile.created_at,
        }))
    }
}
