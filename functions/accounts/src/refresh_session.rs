//! `POST /auth/refresh`: exchanges a refresh token for its successor. Each works once.

use mail::{Letter, SendEmail};
use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::accounts::SessionTerms;
use shared::identity::{AccountChanges, AccountKey, Accounts, Anyone};
use shared::kernel::problems::{Problem, Refusal};
use utoipa::ToSchema;

use crate::RefreshToken;
use crate::session::{NextToken, RefreshRecord, Tokens};
use crate::user::User;

/// Exchanges a refresh token for its successor and a new access token. Each works once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshSession {
    refresh_token: RefreshToken,
}

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
        let now = accounts.now();
        let record = accounts.find::<RefreshRecord>(&self.refresh_token.key()).await?;
        let mut record = record.ok_or(RefreshError::SessionEnded)?;
        let terms = record.terms();
        if record.spent_at.is_some() {
            return Err(revoke_everything(accounts, &terms).await?.into());
        }
        if record.idle_ends_at <= now {
            return Err(RefreshError::SessionEnded.into());
        }
        let next = NextToken::of(accounts, terms.clone()).await?;
        record.spent_at = Some(now);
        let changes = AccountChanges::default().replace(&record).insert(&next.record).carry_session(&terms, now);
        match accounts.try_commit(changes).await? {
            Ok(()) => Ok(Found(next.hand_out())),
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
    let mut changes = AccountChanges::default().revoke_sessions(terms.user, epoch);
    if let Some(user) = accounts.find::<User>(&AccountKey::User(terms.user)).await? {
        let letter = Letter::SessionsRevoked { name: user.name.as_str().to_owned(), at: accounts.now() };
        changes = changes.send(user.id, &SendEmail { to: user.email.clone(), letter });
    }
    // Refused means: revoked meanwhile, by the same token sent several times at once.
    if accounts.try_commit(changes).await?.is_ok() {
        tracing::error!(
            event = "refresh_token_reused",
            severity = "critical",
            user.id = %terms.user,
            session.id = %terms.session,
            "every session of a user was revoked"
        );
    }
    Ok(RefreshError::TokenReused)
}
