//! Sessions: their terms, how strongly they were proved, and how fresh the proof is.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::time::after;

/// A session ends when it was not used for this long.
pub const IDLE_LIFETIME: SignedDuration = SignedDuration::from_hours(12);
/// A session ends after this long in any case.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// A factor proved this long ago is fresh enough for what is dangerous.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_mins(10);

/// How strongly a session's user was proved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// By one factor: a password.
    #[default]
    Single,
    /// By two, or by one that is two: a passkey with user verification (NIST SP 800-63B-4, section 2.2.1).
    Multi,
}

/// A session that is to be opened or carried on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionTerms {
    pub user: UserId,
    pub session: SessionId,
    /// The user's epoch as it was read: the commit fails if it was bumped meanwhile.
    pub epoch: UserEpoch,
    pub started_at: Timestamp,
    /// Set at sign-in; no rotation moves it.
    pub ends_at: Timestamp,
}

impl SessionTerms {
    /// When a session ends that was last used at an instant.
    pub fn idle_ends_at(&self, used_at: Timestamp) -> Timestamp {
        after(used_at, IDLE_LIFETIME).min(self.ends_at)
    }
}

/// A user's epoch. It cannot be constructed: it is read, or deserialised from a record. Two are equal if the user's
/// sessions were not revoked in between.
#[derive(Clone, Copy, Debug, Eq, Serialize, Deserialize)]
pub struct UserEpoch {
    pub(crate) epoch: u64,
    #[serde(default)]
    pub(crate) factor_epoch: u64,
}

impl PartialEq for UserEpoch {
    fn eq(&self, other: &Self) -> bool {
        self.epoch == other.epoch
    }
}

impl UserEpoch {
    /// The epoch after the user's first second factor was added, or the last one removed.
    pub fn with_other_factors(self) -> Self {
        Self { factor_epoch: self.factor_epoch + 1, ..self }
    }
}

/// The epoch of a user's personal access tokens: a token of an earlier one is invalid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenEpoch(pub(crate) u64);
