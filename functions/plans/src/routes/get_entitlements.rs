//! `GET /workspaces/{workspace_id}/entitlements`: reads the workspace's features and limits.

use shared::prelude::route::*;
use shared::tenancy::permissions::ReadWorkspace;

use crate::view::EntitlementsView;

/// Reads the features and limits of the workspace: those of its plan, unless an override differs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetEntitlements {}

pub static FUNCTION: Function = Function::route::<GetEntitlements>();

impl Endpoint for GetEntitlements {
    const ROUTE: Route = Route::get("get-entitlements", "/workspaces/{workspace_id}/entitlements");
    const GRANTS: &'static [Grant] = &[Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("workspaces"));
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<EntitlementsView>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        Ok(Reply(EntitlementsView::of(workspace.plan())))
    }
}
