//! A proof cannot outlive its request: the next request of the same process belongs to another tenant.

use std::sync::OnceLock;

use serde::Deserialize;
use shared::http::{Endpoint, NoContent, Route};
use shared::kernel::problems::Problem;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{Scope, Tenant, Workspace};
use utoipa::ToSchema;

static KEPT: OnceLock<&'static Workspace<ReadWorkspace>> = OnceLock::new();
static KEPT_SCOPE: OnceLock<&'static Scope> = OnceLock::new();
static KEPT_TENANT: OnceLock<&'static Tenant> = OnceLock::new();

#[derive(Deserialize, ToSchema)]
pub struct Keep {}

impl Endpoint for Keep {
    const ROUTE: Route = Route::post("keep-proof", "/workspaces/{workspace_id}/keep");
    type Access = Workspace<ReadWorkspace>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<NoContent, Problem> {
        let _ = KEPT.set(workspace);
        Ok(NoContent)
    }
}

pub fn keep_scope(workspace: &Workspace<ReadWorkspace>) {
    let _ = KEPT_SCOPE.set(workspace.scope_for::<ReadWorkspace>());
}

pub async fn keep_tenant(tenant: &Tenant) {
    let _ = KEPT_TENANT.set(tenant);
}
