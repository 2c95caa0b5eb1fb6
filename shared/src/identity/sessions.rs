//! Sessions: lifetimes, strength and freshness.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::kernel::ids::{SessionId, UserId};
use crate::kernel::time::after;

/// The idle timeout of a session.
pub const IDLE_LIFETIME: SignedDuration = SignedDuration::from_hours(12);
/// The maximum lifetime of a session.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a proved factor counts as fresh, which sensitive routes require.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_mins(10);

/// The strength of a session's authentication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// One factor: a password.
    #[default]
    Single,
    /// Two factors, or one that counts as two: a passkey with user verification (NIST SP 800-63B-4, section 2.2.1).
    Multi,
}

/// The terms of a session to open or refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionTerms {
    pub user: UserId,
    pub session: SessionId,
    /// The user's epoch as read: the commit fails if it was bumped concurrently.
    pub epoch: UserEpoch,
    pub started_at: Timestamp,
    /// Set at sign-in; a refresh does not change it.
    pub ends_at: Timestamp,
}

impl SessionTerms {
    /// When the session ends if it is last used at `used_at`.
    pub fn idle_ends_at(&self, used_at: Timestamp) -> Timestamp {
        after(used_at, IDLE_LIFETIME).min(self.ends_at)
    }
}

/// A user's epoch. It cannot be constructed, only read or deserialised from a record. Two are equal if the user's
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
