//! `POST /me/access-tokens`: creates a personal access token. It is shown only once.

use mail::MailUser;
use serde_json::json;
use shared::identity::personal_token::{NewToken, TokenTerms};
use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::ids::{TokenId, WorkspaceId};
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;
use shared::system_events::Occurrence;

use crate::access_token::{
    ACCESS_TOKEN_CREATED, AccessToken, AccessTokenError, AccessTokenName, AccessTokensMade, ExpiresInDays, MOST, Scopes,
};
use crate::letters;
use crate::problems;
use crate::reminded::Reminded;

/// Creates a token with which a program acts for the caller, limited by scopes and an expiry. It can do no more than
/// its user, and cannot change the account itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateAccessToken {
    name: AccessTokenName,
    scopes: Scopes,
    /// The only workspace that the token can access. Omit it for all of the caller's workspaces.
    #[serde(default)]
    workspace_id: Option<WorkspaceId>,
    #[serde(default)]
    expires_in_days: ExpiresInDays,
}

/// A new token.
#[derive(Serialize, ToSchema)]
pub struct NewAccessToken {
    id: TokenId,
    /// For `Authorization: Bearer`. It is never shown again.
    #[schema(pattern = "^bhp_[A-Za-z0-9_-]{64}[0-9A-Za-z]{6}$")]
    token: String,
    name: AccessTokenName,
    scopes: Vec<String>,
    workspace_id: Option<WorkspaceId>,
    #[schema(value_type = String, format = DateTime)]
    created_at: ApiTimestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: ApiTimestamp,
}

impl Located for NewAccessToken {
    const PATH: &'static str = "/me/access-tokens/{token_id}";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

pub static FUNCTION: Function = Function::route::<CreateAccessToken>();

impl Endpoint for CreateAccessToken {
    const ROUTE: Route = Route::post("create-access-token", "/me/access-tokens");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadUserRecords, Grant::WriteUserRecords, Grant::WriteSessions, Grant::WriteLetters];
    const PROBLEMS: &'static [ProblemCode] = &[problems::WORKSPACE_UNKNOWN, problems::TOO_MANY_ACCESS_TOKENS];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(5, "the existing tokens, their count and the membership in the sample are read");
    type Access = Fresh<SignedIn>;
    type Output = Created<NewAccessToken>;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        if let Some(workspace) = self.workspace_id
            && caller.membership(workspace).await?.is_none()
        {
            return Err(AccessTokenError::NoSuchWorkspace.into());
        }
        let (accounts, key) = (caller.accounts(), AccountKey::User(caller.user()));
        let made = accounts.find::<AccessTokensMade>(&key).await?;
        if AccessToken::live_of(caller).await?.len() >= MOST {
            return Err(AccessTokenError::TooMany.into());
        }
        let new = NewToken::of(caller.user(), accounts.entropy());
        let token = self.into_token(caller, &new);
        let changes = AccessTokensMade::one_more(made, caller.user()).insert(&token);
        accounts.commit(with_notification(changes.admit(caller, &new, terms(&token)), &token)).await?;
        Ok(Created(NewAccessToken::of(token, &new)))
    }
}

impl CreateAccessToken {
    fn into_token(self, caller: &SignedIn, new: &NewToken) -> AccessToken {
        let Self { name, scopes, workspace_id, expires_in_days } = self;
        let created_at = caller.accounts().now();
        let expires_at = expires_in_days.from(created_at);
        AccessToken {
            id: caller.accounts().new_id(),
            user: caller.user(),
            epoch: caller.token_epoch(),
            name,
            scopes: scopes.to_texts(),
            workspace_id,
            digest: new.digest.clone(),
            created_at,
            expires_at,
            reminded: Reminded::of_new(expires_at, created_at),
        }
    }
}

/// The terms of the proof that authorises requests.
fn terms(token: &AccessToken) -> TokenTerms {
    let AccessToken { id, ref scopes, workspace_id: workspace, created_at, expires_at, .. } = *token;
    TokenTerms { id, scopes: scopes.clone(), workspace, created_at, expires_at }
}

/// Adds the event and the letter.
fn with_notification(changes: AccountChanges, token: &AccessToken) -> AccountChanges {
    let detail = json!({ "token": token.id, "scopes": token.scopes, "workspace": token.workspace_id });
    let letter = letters::access_token_created(token.created_at, token.name.as_str());
    let changes = changes.event(Occurrence::of(&ACCESS_TOKEN_CREATED, token.user).detail(detail));
    changes.mail_to(token.user, letter)
}

impl NewAccessToken {
    fn of(made: AccessToken, new: &NewToken) -> Self {
        let AccessToken { id, name, scopes, workspace_id, created_at, expires_at, .. } = made;
        let token = new.secret.expose().to_owned();
        let (created_at, expires_at) = (created_at.into(), expires_at.into());
        Self { id, token, name, scopes, workspace_id, created_at, expires_at }
    }
}
