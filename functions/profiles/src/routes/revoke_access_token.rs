//! `DELETE /me/access-tokens/{token_id}`: revokes a personal access token.

use serde_json::json;
use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::ids::TokenId;
use shared::prelude::route::*;
use shared::system_events::Occurrence;

use crate::access_token::{ACCESS_TOKEN_REVOKED, AccessToken};

/// Revokes one of the caller's personal access tokens: it is refused from the next request on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeAccessToken {
    token_id: TokenId,
}

pub static FUNCTION: Function = Function::route::<RevokeAccessToken>();

impl Endpoint for RevokeAccessToken {
    const ROUTE: Route = Route::delete("revoke-access-token", "/me/access-tokens/{token_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::DeleteUserRecords, Grant::DeleteSessions];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the token is read, whose record is deleted with its proof");
    // No fresh factor is required: a user who sees an unknown token must be able to revoke it at once.
    type Access = SignedIn;
    type Output = NoContent;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let (accounts, key) = (caller.accounts(), AccountKey::User(caller.user()));
        let token = accounts.find_part::<AccessToken>(&key, &self.token_id).await?.ok_or_else(Problem::not_found)?;
        let revoked = Occurrence::of(&ACCESS_TOKEN_REVOKED, token.user).detail(json!({ "token": token.id }));
        let changes = AccountChanges::default().delete(&token).or(Problem::not_found());
        accounts.commit(changes.revoke_token(token.user, &token.digest).event(revoked)).await?;
        Ok(NoContent)
    }
}
