//! `DELETE /workspaces/{workspace_id}`: moves a workspace to the trash.

use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;

use crate::audit_actions::WORKSPACE_TRASHED;
use crate::permissions::DeleteWorkspace as Delete;
use crate::workspace::{PROFILE_KEY, Profile, WorkspaceView, restorable_until};

/// Moves a workspace to the trash. Its members are refused from their next request on, and its invitations cannot be
/// accepted. An owner can restore it within 30 days.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteWorkspace {}

/// A workspace in the trash.
#[derive(Serialize, ToSchema)]
pub struct TrashedWorkspace {
    /// Until when an owner can restore it.
    #[schema(value_type = String, format = DateTime)]
    restorable_until: ApiTimestamp,
}

pub static FUNCTION: Function = Function::route::<DeleteWorkspace>();

impl Endpoint for DeleteWorkspace {
    const ROUTE: Route = Route::delete("delete-workspace", "/workspaces/{workspace_id}");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeDirectory, Grant::ProveMembership];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Profile>());
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(4, "the profile is read, and each workspace needs another STS session");
    type Access = Fresh<Workspace<Delete>>;
    type Output = Reply<TrashedWorkspace>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        WorkspaceView::vary(workspace)?;
        let now = workspace.now();
        let profile = workspace.get::<Profile>(PROFILE_KEY).await?;
        // The profile is written too, so that its version changes.
        let audited = Changes::default().replace(&profile).audit(&WORKSPACE_TRASHED, workspace.id());
        workspace.trash(now, restorable_until(now))?.commit(audited).await?;
        Ok(Reply(TrashedWorkspace { restorable_until: restorable_until(now).into() }))
    }
}
