//! `POST /auth/refresh`: exchanges a refresh token for its successor. Each works once.

use mail::{Letter, SendEmail};
use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::events::{EventKind, Occurrence, Severity};
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::{AccountChanges, AccountKey, Accounts, Anyone, SessionTerms};
use shared::kernel::problems::{Problem, Refusal};
use utoipa::ToSchema;

use crate::RefreshToken;
use crate::session::{self, RefreshRecord, Tokens};
use crate::user::User;

/// Exchanges a refresh token for its successor and a new access token. Each works once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshSession {
    refresh_token: RefreshToken,
}

/// A refresh token came back after its use: it is in two hands, and one of them stole it.
pub static REFRESH_TOKEN_REUSED: EventKind = EventKind::security("refresh_token_reused", Severity::Critical);

/// Why a refresh token is not exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    #[error("The session has ended. Sign in again.")]
    SessionEnded,
    #[error("The refresh token was used before. For safety, every session of the user has been ended. Sign in again.")]
    TokenReused,
}

impl Refusal for RefreshError {
    fn status(&self) -> u16 {
        401
    }

    fn code(&self) -> &'static str {
        match self {
            Self::SessionEnded => "session_ended",
            Self::TokenReused => "refresh_token_reused",
        }
    }
}

pub static FUNCTION: Function = Function::route::<RefreshSession>();

impl Endpoint for RefreshSession {
    const ROUTE: Route = Route::post("refresh-session", "/auth/refresh");
    const GRANTS: &'static [Grant] = &[Grant::Accounts, Grant::SignTokens];
    // A token of 512 random bits cannot be guessed: the limit on credentials would only hurt those behind one address.
    type Access = Anyone;
    type Output = Found<Tokens>;

    async fn handle(self, accounts: &Anyone) -> Result<Self::Output, Problem> {
        let record = accounts.find::<RefreshRecord>(&self.refresh_token.key()).await?;
        let mut record = record.ok_or(RefreshError::SessionEnded)?;
        let terms = record.terms();
        if record.spent_at.is_some() {
            return Err(revoke_everything(accounts, &terms).await?.into());
        }
        if record.idle_ends_at() <= accounts.now() {
            return Err(RefreshError::SessionEnded.into());
        }
        let exchange = session::carry_on(accounts, &mut record).await?;
        match accounts.try_commit(exchange.changes).await? {
            Ok(()) => Ok(Found(exchange.tokens)),
            // Somebody else exchanged it between our read and our write.
            Err(refused) if refused.is::<RefreshRecord>() => Err(revoke_everything(accounts, &terms).await?.into()),
            Err(_) => Err(RefreshError::SessionEnded.into()),
        }
    }
}

/// Ends every session of a user whose token came back after its use: of its two holders one is a thief, and nobody can
/// say which (RFC 9700, section 4.14.2).
async fn revoke_everything(accounts: &Accounts, terms: &SessionTerms) -> Result<RefreshError, Problem> {
    let epoch = accounts.epoch(terms.user).await?;
    // What was revoked already is not revoked again, or whoever keeps an old token could end every later session.
    if epoch != terms.epoch {
        return Ok(RefreshError::TokenReused);
    }
    let reuse =
        Occurrence::of(&REFRESH_TOKEN_REUSED, terms.user).detail(serde_json::json!({ "session": terms.session }));
    let mut changes = AccountChanges::default().revoke_sessions(terms.user, epoch).event(reuse);
    if let Some(user) = accounts.find::<User>(&AccountKey::User(terms.user)).await? {
        let letter = Letter::SessionsRevoked { name: user.name.as_str().to_owned(), at: accounts.now() };
        changes = changes.send(user.id, &SendEmail { to: user.email.clone(), letter });
    }
    // Refused means: revoked meanwhile, by the same token sent several times at once.
    let _revoked = accounts.try_commit(changes).await?;
    Ok(RefreshError::TokenReused)
}
