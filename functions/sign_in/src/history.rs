//! Login history: each sign-in of a user and each attempt at one, as its user sees them (claim 15).

use serde::{Deserialize, Serialize};
use shared::identity::{AccountKey, AccountRecord, Accounts};
use shared::kernel::ids::{Id, Identified, SessionId, UserId};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use utoipa::ToSchema;

use crate::client::Client;

/// How long an entry is kept.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What a user was signed in by, or tried to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuthMethod)]
pub enum AuthMethod {
    /// The password alone.
    Password,
    /// The password and a code of an authenticator app.
    Totp,
    /// The password and a recovery code.
    RecoveryCode,
    Passkey,
}

/// How a sign-in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignInOutcome {
    SignedIn,
    /// The password was wrong, or came too soon after other wrong ones: at a sign-in, or in a session that had to prove
    /// it again.
    WrongPassword,
    /// The password was right, and the second factor was asked for.
    SecondFactorAsked,
    WrongSecondFactor,
    PasskeyRefused,
}

/// One sign-in, or one attempt.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignIn {
    pub id: SignInId,
    pub user: UserId,
    pub at: Timestamp,
    pub means: AuthMethod,
    pub outcome: SignInOutcome,
    pub client: Client,
    /// The session that it opened, or in which it was tried.
    pub session: Option<SessionId>,
    /// How many attempts the entry stands for: wrong passwords of one hour share one.
    #[serde(default = "once")]
    pub times: u32,
    pub expires_at: Timestamp,
}

/// Entries from before failures were counted stand for one attempt.
fn once() -> u32 {
    1
}

pub type SignInId = Id<SignIn>;

impl Identified for SignIn {
    const PREFIX: &'static str = "sgn";
    const NAME: &'static str = "SignIn";
}

impl SignIn {
    /// One that happens now.
    pub fn now(
        accounts: &Accounts,
        user: UserId,
        means: AuthMethod,
        outcome: SignInOutcome,
        session: Option<SessionId>,
    ) -> Self {
        let (id, at) = (accounts.new_id(), accounts.now());
        let expires_at = after(at, KEPT_FOR);
        Self { id, user, at, means, outcome, client: Client::of(accounts), session, times: 1, expires_at }
    }

    /// Wrong passwords, the latest of them now. Writing over the same entry merges them.
    pub fn wrong_passwords(accounts: &Accounts, user: UserId, entry: FailureEntry, session: Option<SessionId>) -> Self {
        let FailureEntry { id, times, .. } = entry;
        Self { id, times, ..Self::now(accounts, user, AuthMethod::Password, SignInOutcome::WrongPassword, session) }
    }

    /// The same without an account: a wrong password for an unknown address, or an unknown passkey. It is in no user's
    /// history and expires at once: it is written so that the attempt costs the same as one on an account.
    pub fn without_account(self) -> Self {
        Self { expires_at: after(self.at, SignedDuration::from_mins(1)), ..self }
    }
}

impl AccountRecord for SignIn {
    const KIND: &'static str = "SIGN_IN";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }

    fn part(&self) -> String {
        self.id.to_string()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }

    fn due(&self) -> Option<Timestamp> {
        self.expires_at()
    }
}

/// An entry of the login history that consecutive failures share. With one entry each, an attacker who fails often
/// enough would push out of the history what its user should see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureEntry {
    pub id: SignInId,
    pub first_at: Timestamp,
    pub times: u32,
}
