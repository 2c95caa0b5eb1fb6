//! `GET /workspaces/{workspace_id}/settings`: reads the workspace's settings.

use shared::prelude::route::*;
use shared::tenancy::permissions::ReadWorkspace;

use crate::settings::Settings;
use crate::workspace::{PROFILE_KEY, Profile};

/// Reads the workspace's settings.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetSettings {}

pub static FUNCTION: Function = Function::route::<GetSettings>();

impl Endpoint for GetSettings {
    const ROUTE: Route = Route::get("get-settings", "/workspaces/{workspace_id}/settings");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("workspaces"));
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Profile>());
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<Settings>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        Ok(Reply(workspace.get::<Profile>(PROFILE_KEY).await?.into_inner().settings))
    }
}
