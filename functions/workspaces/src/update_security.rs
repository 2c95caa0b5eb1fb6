//! `PUT /workspaces/{workspace_id}/security`: changes of whom the workspace asks a second factor.

use serde::{Deserialize, Serialize};
use shared::audit::Target;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::Fresh;
use shared::identity::securing::require_second_factor;
use shared::kernel::ids::WorkspaceId;
use shared::kernel::problems::Problem;
use shared::tenancy::{Admin, Changes, SecondFactorRule, Workspace};
use utoipa::ToSchema;

/// Changes of whom the workspace asks a second factor. Admins and the owner always need one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateSecurity {
    #[serde(rename = "workspace_id")]
    _workspace_id: WorkspaceId,
    second_factor: SecondFactorRule,
}

/// What a workspace asks of its members.
#[derive(Serialize, ToSchema)]
pub struct SecurityView {
    second_factor: SecondFactorRule,
}

pub static FUNCTION: Function = Function::route::<UpdateSecurity>();

impl Endpoint for UpdateSecurity {
    const ROUTE: Route = Route::put("update-security", "/workspaces/{workspace_id}/security");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems, Grant::SecureWorkspace];
    type Access = Fresh<Workspace<Admin>>;
    type Output = Found<SecurityView>;

    async fn handle(self, workspace: &Fresh<Workspace<Admin>>) -> Result<Self::Output, Problem> {
        let second_factor = self.second_factor;
        let audited = Changes::default()
            .audit("workspace.security_updated", Target::from(workspace.id()))
            .detail(serde_json::json!({ "second_factor": second_factor }));
        require_second_factor(workspace, second_factor, audited).await?;
        Ok(Found(SecurityView { second_factor }))
    }
}
