//! Why a refresh token is not exchanged.

use shared::kernel::problems::{ProblemCode, Refusal};

use crate::problems;

/// Why a refresh token is not exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    #[error("The session has ended. Sign in again.")]
    SessionEnded,
    #[error("This refresh token was already used. To protect the account, every session was ended. Sign in again.")]
    TokenReused,
}

impl Refusal for RefreshError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::SessionEnded => problems::SESSION_ENDED,
            Self::TokenReused => problems::REFRESH_TOKEN_REUSED,
        }
    }
}
