//! `GET /workspaces/{workspace_id}/platforms`: lists the platforms with their limits and guarantees.

use shared::prelude::route::*;
use shared::tenancy::WholeList;

use crate::permissions::ReadChannels;
use crate::platform::Platform;
use crate::platform_facts::PlatformView;

/// Lists the platforms that accounts can be connected on, with their limits and guarantees.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPlatforms {}

pub static FUNCTION: Function = Function::route::<ListPlatforms>();

impl Endpoint for ListPlatforms {
    const ROUTE: Route = Route::get("list-platforms", "/workspaces/{workspace_id}/platforms");
    const GRANTS: &'static [Grant] = &[Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("channels"));
    type Access = Workspace<ReadChannels>;
    type Output = Reply<WholeList<PlatformView>>;

    async fn handle(self, _workspace: &Workspace<ReadChannels>) -> Result<Self::Output, Problem> {
        Ok(Reply(WholeList { items: Platform::ALL.iter().copied().map(PlatformView::from).collect() }))
    }
}
