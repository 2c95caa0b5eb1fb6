//! `PATCH /workspaces/{workspace_id}`: renames a workspace.

use shared::prelude::route::*;

use crate::WorkspaceName;
use crate::audit_actions::WORKSPACE_RENAMED;
use crate::permissions::ManageWorkspace;
use crate::workspace::{PROFILE_KEY, Profile, WorkspaceView};

/// Renames a workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameWorkspace {
    #[serde(default)]
    #[schema(inline)]
    name: Patch<WorkspaceName>,
}

pub static FUNCTION: Function = Function::route::<RenameWorkspace>();

impl Endpoint for RenameWorkspace {
    const ROUTE: Route = Route::patch("rename-workspace", "/workspaces/{workspace_id}");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeDirectory, Grant::ProveMembership, Grant::ServeOverrides];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Profile>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the profile is read");
    type Access = Workspace<ManageWorkspace>;
    type Output = Reply<WorkspaceView>;

    async fn handle(self, workspace: &Workspace<ManageWorkspace>) -> Result<Self::Output, Problem> {
        WorkspaceView::vary(workspace)?;
        let mut profile = workspace.get::<Profile>(PROFILE_KEY).await?;
        if let Some(name) = self.name.given() {
            profile.name = name;
            let audited = Changes::default().replace(&profile).audit(&WORKSPACE_RENAMED, workspace.id());
            workspace.rename(profile.name.as_str())?.commit(audited).await?;
        }
        Ok(Reply(WorkspaceView::of(workspace, &profile)))
    }
}
