//! Mailed links that are invalid, or no longer valid.

use shared::kernel::problems::{ProblemCode, Refusal};

use crate::problems;

/// Why a mailed link is rejected. One text for all reasons: it is forged, expired, used, meant for something else, or
/// its target is gone. Only its owner could need to know which, and they can request another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeadLink(&'static str);

impl DeadLink {
    /// A link that proves who owns an address.
    pub const OF_ADDRESS: Self =
        Self("must be the token of a link that was mailed in the last 24 hours; request a new link");
    /// A link that sets a new password.
    pub const OF_PASSWORD: Self = Self(
        "must be the token of a link that was mailed in the last 30 minutes and not used since; request a new link",
    );
    /// A link that completes an account recovery.
    pub const OF_RECOVERY: Self = Self(
        "must be the token of the link that was mailed after the waiting period of a recovery that was not cancelled",
    );
    /// A link that restores an account from the trash.
    pub const OF_DELETION: Self =
        Self("must be the token of the link that was mailed when the account was deleted, in the last 30 days");
}

impl Refusal for DeadLink {
    fn problem(&self) -> ProblemCode {
        problems::LINK_INVALID
    }

    fn field(&self) -> Option<&'static str> {
        Some("token")
    }
}
