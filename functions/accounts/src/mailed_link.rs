//! Mailed links that do nothing (any more).

use shared::kernel::problems::Refusal;

/// Why a mailed link does nothing. One text for all reasons: it is forged, for something else, too old, used, or for what
/// is gone. Which it is, only its owner could need to know, and they can have another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeadLink(&'static str);

impl DeadLink {
    /// A link that proves whose an address is.
    pub const OF_ADDRESS: Self =
        Self("must be the token of a link that was mailed in the last 24 hours; have a new one sent");
    /// A link that sets a new password.
    pub const OF_PASSWORD: Self = Self(
        "must be the token of a link that was mailed in the last 30 minutes and not used since; have a new one sent",
    );
    /// A link that completes an account recovery.
    pub const OF_RECOVERY: Self = Self(
        "must be the token of the link that was mailed after the waiting period of a recovery that was not cancelled",
    );
    /// A link that takes an account out of the trash.
    pub const OF_DELETION: Self =
        Self("must be the token of the link that was mailed when the account was deleted, in the last 30 days");
}

impl Refusal for DeadLink {
    fn status(&self) -> u16 {
        422
    }

    fn code(&self) -> &'static str {
        "link_invalid"
    }

    fn field(&self) -> Option<&'static str> {
        Some("token")
    }
}
