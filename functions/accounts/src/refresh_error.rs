//! Why a refresh token is not exchanged.

use shared::kernel::problems::Refusal;

/// Why a refresh token is not exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefreshError {
    #[error("The session has ended. Sign in again.")]
    SessionEnded,
    #[error("This refresh token was already used. To protect the account, every session was ended. Sign in again.")]
    TokenReused,
}

impl Refusal for RefreshError {
    fn status(&self) -> u16 {
        401
    }

    fn code(&self) -> &'static str {
        match self {
            Self::SessionEnded => "session_ended",
            Self::TokenReused => "refresh_token_reused",
        }
    }

    fn title(&self) -> Option<&'static str> {
        Some("Session ended")
    }
}
