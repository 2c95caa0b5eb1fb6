//! `POST /staff/workspaces/{workspace_id}/overrides/remove`: removes an exception from a workspace's plan.

use plans::audit_actions::OVERRIDE_REMOVED;
use plans::setting_override::{OVERRIDE_UNKNOWN, removing};
use serde_json::json;
use shared::identity::StaffWorkspace;
use shared::prelude::route::*;

use crate::permissions::SetOverrides;
use crate::reason::ShownReason;
use crate::support_action::occurrence;

/// Removes an override before it expires: the workspace has what its plan says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveWorkspaceOverride {
    /// The feature or limit.
    #[schema(example = "members")]
    name: String,
    reason: ShownReason,
}

pub static FUNCTION: Function = Function::route::<RemoveWorkspaceOverride>();

impl Endpoint for RemoveWorkspaceOverride {
    const ROUTE: Route = Route::post("remove-workspace-override", "/staff/workspaces/{workspace_id}/overrides/remove");
    const GRANTS: &'static [Grant] = &[Grant::ProveStaff, Grant::ReadPlan, Grant::ChangeDirectory, Grant::WriteItems];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the directory entry is read");
    const PROBLEMS: &'static [ProblemCode] = &[OVERRIDE_UNKNOWN];
    type Access = StaffWorkspace<SetOverrides>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let directory = workspace.directory().await?;
        let (overrides, audited) = removing(&directory, &self.name)?;
        let detail = json!({ "name": self.name, "reason": self.reason });
        let removed = occurrence(workspace, OVERRIDE_REMOVED.name(), &detail);
        workspace.change(directory.change().overrides(&overrides), audited.detail(detail), removed).await?;
        Ok(NoContent)
    }
}
