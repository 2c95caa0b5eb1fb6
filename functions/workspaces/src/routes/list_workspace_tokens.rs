//! `GET /workspaces/{workspace_id}/tokens`: lists the tokens of the workspace, newest first.

use shared::prelude::route::*;
use shared::table::Stored;
use shared::tenancy::{Listing, Page, PageLimit};

use crate::permissions::ManageTokens;
use crate::workspace_token::{WorkspaceToken, WorkspaceTokenView};

/// Lists the tokens of the workspace that have not expired, newest first, without their secrets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListWorkspaceTokens {
    /// Tokens per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListWorkspaceTokens>();

impl Endpoint for ListWorkspaceTokens {
    const ROUTE: Route = Route::get("list-workspace-tokens", "/workspaces/{workspace_id}/tokens");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::ReadTokenUses, Grant::DeriveKeys];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the last use of each token is in another table");
    type Access = Workspace<ManageTokens>;
    type Output = Reply<Listing<WorkspaceTokenView>>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: true };
        let Listing { items: mut tokens, next_cursor } = workspace.page::<WorkspaceToken>("", &page).await?;
        tokens.retain(|token| !token.is_expired(workspace.now()));
        let ids: Vec<_> = tokens.iter().map(|token| token.id).collect();
        let uses = workspace.people().last_used(&ids).await?;
        let view = |token: &Stored<WorkspaceToken>| {
            WorkspaceTokenView::new(token, uses.get(&token.id).copied(), workspace.plan())
        };
        let items = tokens.iter().map(view).collect();
        Ok(Reply(Listing { items, next_cursor }))
    }
}
