//! Sessions: how one is opened, carried on by its refresh token, and what its client holds.

use serde::{Deserialize, Serialize};
use shared::identity::accounts::{IDLE_LIFETIME, SESSION_LIFETIME, SessionTerms, UserEpoch};
use shared::identity::{AccountChanges, AccountKey, AccountRecord, Accounts};
use shared::kernel::ids::{SessionId, UserId};
use shared::kernel::problems::Problem;
use shared::kernel::time::{Timestamp, after};
use utoipa::ToSchema;

use crate::RefreshToken;

/// What a client signs its requests with.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    pub user_id: UserId,
    /// For `Authorization: Bearer`. A JWT; what is in it is ours to change.
    pub access_token: String,
    #[schema(value_type = String, example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds from now until the access token ends.
    pub expires_in_s: i64,
    /// Works once, at `POST /auth/refresh`. Presenting it again ends every session of the user.
    pub refresh_token: String,
    /// When the session ends unless it is refreshed before: after 12 hours, or 30 days after the sign-in.
    #[schema(value_type = String, format = DateTime)]
    pub refresh_expires_at: Timestamp,
}

/// What we remember of a refresh token: not the token, but whose it is and whether it was used.
///
/// It is remembered until its session could last no longer, so that a used one is known when it comes back.
#[derive(Serialize, Deserialize)]
pub struct RefreshRecord {
    /// The token's digest.
    digest: String,
    user: UserId,
    session: SessionId,
    /// The user's epoch at the sign-in: every session of it ends when it is bumped.
    epoch: UserEpoch,
    /// When the session ends in any case.
    ends_at: Timestamp,
    /// From then on the session is idle, and the token worth nothing.
    pub idle_ends_at: Timestamp,
    /// When it was exchanged for its successor.
    pub spent_at: Option<Timestamp>,
}

impl RefreshRecord {
    fn new(token: &RefreshToken, terms: SessionTerms, now: Timestamp) -> Option<Self> {
        let AccountKey::Token(digest) = token.key() else { return None };
        let SessionTerms { user, session, epoch, ends_at } = terms;
        let idle_ends_at = after(now, IDLE_LIFETIME).min(ends_at);
        Some(Self { digest, user, session, epoch, ends_at, idle_ends_at, spent_at: None })
    }

    /// The session that the token carries on.
    pub fn terms(&self) -> SessionTerms {
        SessionTerms { user: self.user, session: self.session, epoch: self.epoch, ends_at: self.ends_at }
    }
}

impl AccountRecord for RefreshRecord {
    const KIND: &'static str = "REFRESH";

    fn account_key(&self) -> AccountKey {
        AccountKey::Token(self.digest.clone())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.ends_at)
    }
}

/// The tokens that carry a session on, made before they are committed and handed out after it.
///
/// The access token is signed first too: were it signed after the commit, a failure of KMS would leave a client whose
/// refresh token is spent and who never got the next.
pub struct NextToken {
    pub record: RefreshRecord,
    tokens: Tokens,
}

impl NextToken {
    pub async fn of(accounts: &Accounts, terms: SessionTerms) -> Result<Self, Problem> {
        let token = RefreshToken::new(accounts.entropy());
        let access_token = accounts.access_token(&terms).await?;
        let record = RefreshRecord::new(&token, terms, accounts.now());
        let record = record.ok_or_else(|| Problem::internal("a refresh token without a digest"))?;
        let tokens = Tokens {
            user_id: record.user,
            access_token: access_token.expose().to_owned(),
            token_type: "Bearer",
            expires_in_s: accounts.access_token_lifetime_s(),
            refresh_token: token.into_secret().expose().to_owned(),
            refresh_expires_at: record.idle_ends_at,
        };
        Ok(Self { record, tokens })
    }

    /// What the client is told, once the record is committed.
    pub fn hand_out(self) -> Tokens {
        self.tokens
    }
}

/// Opens a session for a user who has just proved who they are, in one transaction that fails if the user's sessions
/// are revoked meanwhile.
pub async fn open(accounts: &Accounts, user: UserId) -> Result<Tokens, Problem> {
    let now = accounts.now();
    let epoch = accounts.epoch(user).await?;
    let terms = SessionTerms { user, session: accounts.new_id(), epoch, ends_at: after(now, SESSION_LIFETIME) };
    let next = NextToken::of(accounts, terms).await?;
    let changes = AccountChanges::default().insert(&next.record).open_session(&next.record.terms(), now);
    accounts.commit(changes).await?;
    Ok(next.hand_out())
}
