//! Emailed links that are invalid, or no longer valid.

use shared::kernel::problems::{ProblemCode, Refusal};

use crate::problems;

/// Why an emailed link is rejected. One text for all reasons: it is forged, expired, used, for another purpose, or its
/// target no longer exists. Only its owner could need the reason, and they can request another link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeadLink(&'static str);

impl DeadLink {
    /// A link that proves ownership of an address.
    pub const OF_ADDRESS: Self =
        Self("must be the token of a link that was emailed in the last 24 hours; request a new link");
    /// A link that sets a new password.
    pub const OF_PASSWORD: Self =
        Self("must be the token of an unused link that was emailed in the last 30 minutes; request a new link");
    /// A link that completes an account recovery.
    pub const OF_RECOVERY: Self = Self(
        "must be the token of the link that was emailed after the waiting time of a recovery that was not cancelled; start a new recovery",
    );
    /// A link that restores a deleted account.
    pub const OF_DELETION: Self =
        Self("must be the token of the link that was emailed when the account was deleted, at most 30 days ago");
}

impl Refusal for DeadLink {
    fn problem(&self) -> ProblemCode {
        problems::LINK_INVALID
    }

    fn field(&self) -> Option<&'static str> {
        Some("token")
    }
}
