//! `POST /auth/refresh`: exchanges a refresh token for its successor. Each token works once; a retry after a lost
//! response gets the same successor.

use mail::MailUser;
use shared::identity::{AccountChanges, Accounts, SessionTerms};
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;

use crate::problems;
use crate::refresh_error::RefreshError;
use crate::session::{self, RefreshRecord, Tokens};
use crate::{RefreshAttempt, RefreshToken, letters};

/// Exchanges a refresh token for its successor and a new access token. Each works once: presenting it again ends every
/// session of the user. A client that sends a random `attempt` can retry after a lost response: for 60 seconds, the
/// same token with the same attempt returns the same successor. Refresh in one place at a time: browser tabs must share
/// a lock.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshSession {
    refresh_token: RefreshToken,
    attempt: Option<RefreshAttempt>,
}

/// A refresh token was used twice: two clients hold it, and one of them stole it.
pub static REFRESH_TOKEN_REUSED: EventKind = EventKind::security("refresh_token_reused", Severity::Critical);

pub static FUNCTION: Function = Function::route::<RefreshSession>();

impl Endpoint for RefreshSession {
    const ROUTE: Route = Route::post("refresh-session", "/auth/refresh");
    const GRANTS: &'static [Grant] = &[
        Grant::WriteUserRecords,
        Grant::ReadRefreshTokens,
        Grant::WriteRefreshTokens,
        Grant::ReadSessions,
        Grant::WriteSessions,
        Grant::WriteLetters,
        Grant::DeriveKeys,
        Grant::SignTokens,
    ];
    const PROBLEMS: &'static [ProblemCode] = &[problems::SESSION_ENDED, problems::REFRESH_TOKEN_REUSED];
    // A token of 512 random bits cannot be guessed: the limit on credentials would only hurt clients that share an
    // address.
    type Access = Anyone;
    type Output = Reply<Tokens>;

    async fn handle(self, accounts: &Anyone) -> Result<Self::Output, Problem> {
        let mut record = self.record(accounts).await?;
        if record.spent_at.is_none() {
            if let Some(tokens) = self.exchange(accounts, &mut record).await? {
                return Ok(Reply(tokens));
            }
            // It was exchanged between our read and our write; read the record again to see by which attempt.
            record = self.record(accounts).await?;
        }
        match self.exchange_again(accounts, &record).await? {
            Some(tokens) => Ok(Reply(tokens)),
            None => Err(revoke_everything(accounts, &record.terms()).await?.into()),
        }
    }
}

impl RefreshSession {
    async fn record(&self, accounts: &Accounts) -> Result<Stored<RefreshRecord>, Problem> {
        let record = accounts.find::<RefreshRecord>(&self.refresh_token.key()).await?;
        Ok(record.ok_or(RefreshError::SessionEnded)?)
    }

    /// The successor, unless another exchange came first.
    async fn exchange(
        &self,
        accounts: &Accounts,
        record: &mut Stored<RefreshRecord>,
    ) -> Result<Option<Tokens>, Problem> {
        if record.idle_ends_at() <= accounts.now() {
            return Err(RefreshError::SessionEnded.into());
        }
        let exchange = session::rotate(accounts, record, &self.refresh_token, self.attempt.as_ref()).await?;
        match accounts.try_commit(exchange.changes).await? {
            Ok(()) => Ok(Some(exchange.tokens)),
            Err(refused) if refused.is::<RefreshRecord>() => Ok(None),
            Err(_) => Err(RefreshError::SessionEnded.into()),
        }
    }

    /// The same successor again, if this attempt received it and it has not been used.
    async fn exchange_again(&self, accounts: &Accounts, record: &RefreshRecord) -> Result<Option<Tokens>, Problem> {
        let attempt = self.attempt.as_ref().filter(|attempt| record.is_retried_by(attempt, accounts.now()));
        let Some(attempt) = attempt else { return Ok(None) };
        let Some(again) = session::repeat_rotation(accounts, &self.refresh_token, attempt).await? else {
            return Ok(None);
        };
        match accounts.try_commit(again.changes).await? {
            Ok(()) => Ok(Some(again.tokens)),
            Err(refused) if refused.is::<RefreshRecord>() => Ok(None),
            Err(_) => Err(RefreshError::SessionEnded.into()),
        }
    }
}

/// Ends every session of a user whose refresh token was reused: one of its two holders is an attacker, and the server
/// cannot tell which (RFC 9700, section 4.14.2).
async fn revoke_everything(accounts: &Accounts, terms: &SessionTerms) -> Result<RefreshError, Problem> {
    let epoch = accounts.epoch(terms.user).await?;
    // Do not revoke twice: otherwise the holder of an old token could end every later session.
    if epoch != terms.epoch {
        return Ok(RefreshError::TokenReused);
    }
    let reuse =
        Occurrence::of(&REFRESH_TOKEN_REUSED, terms.user).detail(serde_json::json!({ "session": terms.session }));
    let letter = letters::sessions_revoked(accounts.now());
    let changes = AccountChanges::default().revoke_sessions(terms.user, epoch).event(reuse).mail_to(terms.user, letter);
    // A refusal means that a parallel request with the same token has revoked the sessions.
    let _revoked = accounts.try_commit(changes).await?;
    Ok(RefreshError::TokenReused)
}
