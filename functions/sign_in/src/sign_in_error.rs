//! Why a sign-in is refused.

use shared::kernel::problems::{ProblemCode, Refusal};

use crate::problems;

/// Why a sign-in is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The same for an unknown address and for a delayed one, so that the response does not reveal whether an account
    /// exists.
    #[error(
        "The email address or the password is wrong. After several failed attempts, wait before you try again, or reset \
         your password. A device that you signed in on before doesn't have to wait."
    )]
    WrongCredentials,
    /// Only returned if the first 72 bytes match an imported password: bcrypt never compares more.
    #[error("Your imported password is too long to verify. Reset it to sign in: POST /auth/request-password-reset.")]
    PasswordResetRequired,
}

impl Refusal for SignInError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::WrongCredentials => problems::WRONG_CREDENTIALS,
            Self::PasswordResetRequired => problems::PASSWORD_RESET_REQUIRED,
        }
    }
}
