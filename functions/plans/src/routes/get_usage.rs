//! `GET /workspaces/{workspace_id}/usage`: lists the workspace's use of each limit.

use shared::prelude::route::*;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{Limit, WholeList};

use crate::view::UsageView;

/// Lists the current use of each limit that is counted, with the limit, and the instant at which the count of a month begins
/// again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetUsage {}

pub static FUNCTION: Function = Function::route::<GetUsage>();

impl Endpoint for GetUsage {
    const ROUTE: Route = Route::get("get-usage", "/workspaces/{workspace_id}/usage");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("workspaces"));
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<WholeList<UsageView>>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        let limits: Vec<Limit> = Limit::counted().map(|(limit, _)| limit).collect();
        let (plan, now) = (workspace.plan(), workspace.now());
        let used = workspace.usage(&limits).await?;
        let items = limits.into_iter().zip(used).filter_map(|(limit, used)| UsageView::of(limit, used, plan, now));
        Ok(Reply(WholeList { items: items.collect() }))
    }
}
