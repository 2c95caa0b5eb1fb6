//! `GET /workspaces/{workspace_id}/security`: reads the workspace's security rules.

use shared::prelude::route::*;
use shared::tenancy::permissions::ManageSecurity;

use crate::security::SecurityView;

/// Reads the workspace's security rules.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetSecurity {}

pub static FUNCTION: Function = Function::route::<GetSecurity>();

impl Endpoint for GetSecurity {
    const ROUTE: Route = Route::get("get-security", "/workspaces/{workspace_id}/security");
    const VERSIONED: Option<Versioned> = Some(Versioned::directory());
    type Access = Workspace<ManageSecurity>;
    type Output = Reply<SecurityView>;

    async fn handle(self, workspace: &Workspace<ManageSecurity>) -> Result<Self::Output, Problem> {
        Ok(Reply(SecurityView::from(workspace.security())))
    }
}
