//! `DELETE /workspaces/{workspace_id}/deletion`: restores a workspace from the trash.

use shared::identity::InTrash;
use shared::prelude::route::*;

use crate::audit_actions::WORKSPACE_RESTORED;
use crate::permissions::DeleteWorkspace;
use crate::problems;
use crate::workspace::{PROFILE_KEY, Profile, WorkspaceError, restorable_until};

/// Restores a workspace from the trash, as it was, within 30 days after its deletion.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreWorkspace {}

pub static FUNCTION: Function = Function::route::<RestoreWorkspace>();

impl Endpoint for RestoreWorkspace {
    const ROUTE: Route = Route::delete("restore-workspace", "/workspaces/{workspace_id}/deletion");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeDirectory, Grant::ProveMembership];
    const PROBLEMS: &'static [ProblemCode] = &[problems::WORKSPACE_NOT_TRASHED, problems::WORKSPACE_TRASH_EXPIRED];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(4, "the profile is read, and each workspace needs another STS session");
    type Access = Fresh<InTrash<Workspace<DeleteWorkspace>>>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let trashed_at = workspace.trashed_at().ok_or(WorkspaceError::NotTrashed)?;
        if restorable_until(trashed_at) <= workspace.now() {
            return Err(WorkspaceError::TrashExpired.into());
        }
        let profile = workspace.get::<Profile>(PROFILE_KEY).await?;
        let audited = Changes::default().replace(&profile).audit(&WORKSPACE_RESTORED, workspace.id());
        workspace.restore(WorkspaceError::TrashExpired)?.commit(audited).await?;
        Ok(NoContent)
    }
}
