//! Sessions: opening them, refreshing them, and the tokens that their client holds.

use mail::{Letter, MailUser};
use serde::{Deserialize, Serialize};
use shared::crypto::digest::equal;
use shared::identity::sessions::SESSION_LIFETIME;
use shared::identity::{AccountChanges, AccountKey, AccountRecord, Accounts, SessionTerms, Strength, UserEpoch};
use shared::kernel::ids::{SessionId, UserId};
use shared::kernel::problems::Problem;
use shared::kernel::time::{ApiTimestamp, SignedDuration, Timestamp, after};
use shared::table::Stored;
use utoipa::ToSchema;

use crate::client::Client;
use crate::device::{self, KnownDevice};
use crate::history::{SignIn, SignInOutcome};
use crate::letters;
use crate::refresh_error::RefreshError;
use crate::sign_in_error::SignInError;
use crate::{RefreshAttempt, RefreshToken};
use accounts::recovery::Recovery;
use accounts::user::User;

pub use crate::history::AuthMethod;

/// The tokens of a session.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    pub user_id: UserId,
    /// For `Authorization: Bearer`. A JWT; treat it as opaque, its claims may change.
    pub access_token: String,
    #[schema(value_type = String, example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires.
    pub expires_in_s: i64,
    /// Works once, at `POST /auth/refresh`. Presenting it again ends every session of the user, unless it is a retry of
    /// the same attempt within 60 seconds.
    pub refresh_token: String,
    /// When the session ends unless it is refreshed: 12 hours from now, and at the latest 30 days after the sign-in.
    #[schema(value_type = String, format = DateTime)]
    pub refresh_expires_at: ApiTimestamp,
    /// Only after a sign-in: the token of this device. Keep it and send it with the next sign-in. It grants no access.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub device_token: Option<String>,
}

/// A session as shown to its user. The proof that authorises requests is stored separately.
#[derive(Clone, Serialize, Deserialize)]
pub struct SessionRecord {
    pub session: SessionId,
    pub user: UserId,
    /// The user's epoch at the sign-in: bumping it ends every session of that epoch.
    pub epoch: UserEpoch,
    pub method: AuthMethod,
    pub started_at: Timestamp,
    pub last_used_at: Timestamp,
    pub idle_ends_at: Timestamp,
    pub ends_at: Timestamp,
    /// The client of the sign-in.
    pub client: Client,
}

impl SessionRecord {
    fn terms(&self) -> SessionTerms {
        let Self { user, session, epoch, started_at, ends_at, .. } = *self;
        SessionTerms { user, session, epoch, started_at, ends_at }
    }

    /// The session after a use just now.
    fn used(mut self, now: Timestamp) -> Self {
        self.last_used_at = now;
        self.idle_ends_at = self.terms().idle_ends_at(now);
        self
    }
}

impl AccountRecord for SessionRecord {
    const KIND: &'static str = "SESSION";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }

    fn part(&self) -> String {
        self.session.to_string()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.idle_ends_at)
    }

    fn due(&self) -> Option<Timestamp> {
        Some(self.idle_ends_at)
    }
}

/// How long after an exchange its client may retry to get a lost response.
const RETRIED_FOR: SignedDuration = SignedDuration::from_secs(60);

/// The stored record of a refresh token: not the token, but its session and whether it was used.
///
/// It is kept until its session must have ended, so that reuse is detected. It holds the whole session, so that a
/// refresh takes one read.
#[derive(Serialize, Deserialize)]
pub struct RefreshRecord {
    /// The token's digest.
    digest: String,
    session: SessionRecord,
    /// When it was exchanged for its successor.
    pub spent_at: Option<Timestamp>,
    /// The digest of the attempt that exchanged it, if the client sent one.
    attempt: Option<String>,
}

impl RefreshRecord {
    /// The session that the token refreshes.
    pub fn terms(&self) -> SessionTerms {
        self.session.terms()
    }

    /// When the session ends from disuse, and the token with it.
    pub fn idle_ends_at(&self) -> Timestamp {
        self.session.idle_ends_at
    }

    /// Whether this attempt exchanged the token, within the time for retries.
    pub fn is_retried_by(&self, attempt: &RefreshAttempt, now: Timestamp) -> bool {
        let (Some(spent_at), Some(digest)) = (self.spent_at, &self.attempt) else { return false };
        now < after(spent_at, RETRIED_FOR) && equal(digest.as_bytes(), attempt.digest().as_bytes())
    }
}

impl AccountRecord for RefreshRecord {
    const KIND: &'static str = "REFRESH";

    fn account_key(&self) -> AccountKey {
        AccountKey::Token(self.digest.clone())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.session.ends_at)
    }

    fn due(&self) -> Option<Timestamp> {
        self.expires_at()
    }
}

/// The next tokens of a session, made before the commit and returned after it.
///
/// The access token is signed before the commit, too: if KMS failed after it, the client would hold a spent refresh
/// token and never receive the next.
struct NextToken {
    record: RefreshRecord,
    tokens: Tokens,
}

impl NextToken {
    async fn of(accounts: &Accounts, token: RefreshToken, session: SessionRecord) -> Result<Self, Problem> {
        let AccountKey::Token(digest) = token.key() else { return Err(Problem::internal("a token without a digest")) };
        let tokens = Tokens::of(accounts, token, &session).await?;
        Ok(Self { record: RefreshRecord { digest, session, spent_at: None, attempt: None }, tokens })
    }
}

impl Tokens {
    /// With a new access token. Only sign-ins return a device token.
    async fn of(accounts: &Accounts, token: RefreshToken, session: &SessionRecord) -> Result<Self, Problem> {
        Ok(Self {
            user_id: session.user,
            access_token: accounts.access_token(&session.terms()).await?.expose().to_owned(),
            token_type: "Bearer",
            expires_in_s: accounts.access_token_lifetime_s(),
            refresh_token: token.into_secret().expose().to_owned(),
            refresh_expires_at: session.idle_ends_at.into(),
            device_token: None,
        })
    }
}

/// How a session is opened.
pub struct Opening {
    pub method: AuthMethod,
    /// The device, if it is known.
    pub device: Option<KnownDevice>,
    /// The user's epoch as read before their credentials were checked: a concurrent revocation of the sessions (by a
    /// password reset) wins.
    pub epoch: UserEpoch,
}

impl AuthMethod {
    pub fn strength(self) -> Strength {
        match self {
            Self::Password => Strength::Single,
            Self::Totp | Self::RecoveryCode | Self::Passkey => Strength::Multi,
        }
    }
}

/// Opens a session for a user who has just authenticated, together with the `changes` that their credentials cause.
/// Fails if the user's sessions are revoked concurrently.
pub async fn open(
    accounts: &Accounts,
    user: &User,
    opening: Opening,
    changes: AccountChanges,
) -> Result<Tokens, Problem> {
    if user.deleted_at.is_some() {
        return Err(SignInError::WrongCredentials.into());
    }
    let Opening { method, device, epoch } = opening;
    let (now, client) = (accounts.now(), Client::of(accounts));
    let session = SessionRecord {
        session: accounts.new_id(),
        user: user.id,
        epoch,
        method,
        started_at: now,
        last_used_at: now,
        idle_ends_at: now,
        ends_at: after(now, SESSION_LIFETIME),
        client,
    };
    let token = RefreshToken::new(accounts.entropy());
    let mut next = NextToken::of(accounts, token, session.used(now)).await?;
    let session = &next.record.session;
    let entry = SignIn::now(accounts, user.id, method, SignInOutcome::SignedIn, Some(session.session));
    let mut changes = changes.insert(&next.record).insert(session).insert(&entry).open_session(
        &session.terms(),
        method.strength(),
        now,
    );
    if method.strength() == Strength::Multi {
        // The factor is not lost, so a pending recovery is cancelled.
        changes = changes.forget::<Recovery>(&AccountKey::User(user.id), &"");
    }
    if device.is_none() {
        changes = changes.mail_to(user.id, new_sign_in(session));
    }
    next.tokens.device_token = Some(device::mark(accounts, user.id, &user.email, device).await?.expose().to_owned());
    accounts.commit(changes).await?;
    Ok(next.tokens)
}

fn new_sign_in(session: &SessionRecord) -> Letter {
    let Client { ip, browser, system, .. } = &session.client;
    letters::new_sign_in(session.started_at, browser, system, ip)
}

/// The changes that exchange a refresh token for its successor.
pub struct Exchange {
    pub changes: AccountChanges,
    /// For the client, once the changes are committed.
    pub tokens: Tokens,
}

/// Prepares the exchange of a valid refresh token.
pub async fn rotate(
    accounts: &Accounts,
    record: &mut Stored<RefreshRecord>,
    token: &RefreshToken,
    attempt: Option<&RefreshAttempt>,
) -> Result<Exchange, Problem> {
    let now = accounts.now();
    record.spent_at = Some(now);
    record.attempt = attempt.map(RefreshAttempt::digest);
    let successor = match attempt {
        Some(attempt) => token.successor(accounts, attempt).await?,
        None => RefreshToken::new(accounts.entropy()),
    };
    let next = NextToken::of(accounts, successor, record.session.clone().used(now)).await?;
    let session = &next.record.session;
    let changes = AccountChanges::default()
        .replace(record)
        .insert(&next.record)
        .overwrite(session)
        .carry_session(&session.terms(), now);
    Ok(Exchange { changes, tokens: next.tokens })
}

/// Repeats an exchange for a client that did not get the response: returns the same successor, if it is unspent. The
/// changes write nothing new; they are refused if the successor was spent or the session ended concurrently.
pub async fn repeat_rotation(
    accounts: &Accounts,
    token: &RefreshToken,
    attempt: &RefreshAttempt,
) -> Result<Option<Exchange>, Problem> {
    let successor = token.successor(accounts, attempt).await?;
    let record = accounts.find::<RefreshRecord>(&successor.key()).await?;
    let record = record.filter(|record| accounts.now() < record.idle_ends_at()).ok_or(RefreshError::SessionEnded)?;
    if record.spent_at.is_some() {
        return Ok(None);
    }
    let session = &record.session;
    // The time of the first exchange, so that a retry does not prolong the session.
    let used_at = session.last_used_at;
    let changes = AccountChanges::default().unchanged(&record).carry_session(&session.terms(), used_at);
    Ok(Some(Exchange { changes, tokens: Tokens::of(accounts, successor, session).await? }))
}
