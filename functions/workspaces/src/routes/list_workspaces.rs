//! `GET /workspaces`: lists the caller's workspaces, oldest first.

use shared::prelude::route::*;
use shared::tenancy::WholeList;

use crate::workspace::WorkspaceView;

/// Lists the workspaces that the caller is a member of, oldest first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListWorkspaces {}

pub static FUNCTION: Function = Function::route::<ListWorkspaces>();

impl Endpoint for ListWorkspaces {
    const ROUTE: Route = Route::get("list-workspaces", "/workspaces");
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("workspaces"));
    type Access = Known;
    // One page: a user is a member of few workspaces.
    type Output = Reply<WholeList<WorkspaceView>>;

    async fn handle(self, caller: &Known) -> Result<Self::Output, Problem> {
        let items = caller.memberships().await?.into_iter().map(WorkspaceView::from).collect();
        Ok(Reply(WholeList { items }))
    }
}
