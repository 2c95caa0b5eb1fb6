//! `GET /me/access-tokens`: lists the caller's personal access tokens, oldest first.

use std::collections::HashMap;

use shared::kernel::ids::{TokenId, WorkspaceId};
use shared::kernel::time::{ApiTimestamp, Timestamp};
use shared::prelude::route::*;
use shared::tenancy::WholeList;

use crate::access_token::{AccessToken, AccessTokenName};

/// Lists the caller's valid personal access tokens, oldest first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAccessTokens {}

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
pub struct AccessTokenView {
    id: TokenId,
    name: AccessTokenName,
    scopes: Vec<String>,
    /// The only workspace that it can access; null for all of the user's workspaces.
    workspace_id: Option<WorkspaceId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: ApiTimestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: ApiTimestamp,
    /// Accurate to ten minutes.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<ApiTimestamp>,
}

impl AccessTokenView {
    fn of(token: &AccessToken, uses: &HashMap<TokenId, Timestamp>) -> Self {
        let AccessToken { id, ref name, ref scopes, workspace_id, created_at, expires_at, .. } = *token;
        let (name, scopes, last_used_at) = (name.clone(), scopes.clone(), uses.get(&id).map(|at| (*at).into()));
        let (created_at, expires_at) = (created_at.into(), expires_at.into());
        Self { id, name, scopes, workspace_id, created_at, expires_at, last_used_at }
    }
}

pub static FUNCTION: Function = Function::route::<ListAccessTokens>();

impl Endpoint for ListAccessTokens {
    const ROUTE: Route = Route::get("list-access-tokens", "/me/access-tokens");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::ReadTokenUses];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the last use of each token is in another table");
    type Access = SignedIn;
    // One page: a user has at most 50.
    type Output = Reply<WholeList<AccessTokenView>>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let tokens = AccessToken::live_of(caller).await?;
        let ids: Vec<_> = tokens.iter().map(|token| token.id).collect();
        let uses = caller.accounts().last_used(&ids).await?;
        let items = tokens.iter().map(|token| AccessTokenView::of(token, &uses)).collect();
        Ok(Reply(WholeList { items }))
    }
}
