//! Login history: a user's sign-ins and failed attempts, as shown to that user (claim 15).

use serde::{Deserialize, Serialize};
use shared::identity::{AccountKey, AccountRecord, Accounts};
use shared::kernel::ids::{Id, Identified, SessionId, UserId};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use utoipa::ToSchema;

use crate::client::Client;

/// How long an entry is retained.
pub const KEPT_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How a user signed in, or tried to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuthMethod)]
pub enum AuthMethod {
    /// The password alone.
    Password,
    /// The password and a code from an authenticator app.
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
    /// The password was wrong, or was sent during a delay: at sign-in, or in a session that had to verify it again.
    WrongPassword,
    /// The password was right, and a second factor was required.
    SecondFactorRequired,
    WrongSecondFactor,
    PasskeyRefused,
}

/// A sign-in, or one or more failed attempts.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignIn {
    pub id: SignInId,
    pub user: UserId,
    pub at: Timestamp,
    pub method: AuthMethod,
    pub outcome: SignInOutcome,
    pub client: Client,
    /// The session that it opened, or in which the attempt was made.
    pub session: Option<SessionId>,
    /// The number of attempts: wrong passwords within one hour share an entry.
    #[serde(default = "once")]
    pub times: u32,
    pub expires_at: Timestamp,
}

/// Entries written before failures were counted stand for one attempt.
fn once() -> u32 {
    1
}

pub type SignInId = Id<SignIn>;

impl Identified for SignIn {
    const PREFIX: &'static str = "sgn";
    const NAME: &'static str = "SignIn";
}

impl SignIn {
    /// An entry for an attempt made now.
    pub fn now(
        accounts: &Accounts,
        user: UserId,
        method: AuthMethod,
        outcome: SignInOutcome,
        session: Option<SessionId>,
    ) -> Self {
        let (id, at) = (accounts.new_id(), accounts.now());
        let expires_at = after(at, KEPT_FOR);
        Self { id, user, at, method, outcome, client: Client::of(accounts), session, times: 1, expires_at }
    }

    /// An entry for wrong passwords, the latest of them now. Overwriting the entry of the same id merges them.
    pub fn wrong_passwords(accounts: &Accounts, user: UserId, entry: FailureEntry, session: Option<SessionId>) -> Self {
        let FailureEntry { id, times, .. } = entry;
        Self { id, times, ..Self::now(accounts, user, AuthMethod::Password, SignInOutcome::WrongPassword, session) }
    }

    /// The same for an attempt without an account: a wrong password for an unknown address, or an unknown passkey. It
    /// appears in no user's history and expires after a minute. It is written so that the attempt costs the same as one
    /// on an account.
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

/// A login history entry that consecutive failures share. With one entry per failure, an attacker could fail often
/// enough to push the entries that matter out of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureEntry {
    pub id: SignInId,
    pub first_at: Timestamp,
    pub times: u32,
}
