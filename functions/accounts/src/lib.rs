//! Accounts: who a person is, how they sign in, and for how long.

pub mod address;
mod correspondence;
pub mod get_jwks;
pub mod get_me;
pub mod line;
pub mod login;
pub mod logout;
mod password;
mod password_hash;
mod person_name;
pub mod refresh_session;
mod refresh_token;
pub mod register;
pub mod resend_verification;
pub mod session;
pub mod user;
pub mod verify_email;

pub use mail::EmailAddress;
pub use password::{Password, PasswordAttempt, PasswordError};
pub use password_hash::{HashError, PasswordHash};
pub use person_name::{NotAName, PersonName};
pub use refresh_token::{NotARefreshToken, RefreshToken};
pub use user::User;

use shared::function::Listed;

/// Every function of the domain, with its shapes.
pub static FUNCTIONS: &[Listed] = &[
    Listed::route::<register::Register>(&register::FUNCTION),
    Listed::route::<verify_email::VerifyEmail>(&verify_email::FUNCTION),
    Listed::route::<resend_verification::ResendVerification>(&resend_verification::FUNCTION),
    Listed::route::<login::Login>(&login::FUNCTION),
    Listed::route::<refresh_session::RefreshSession>(&refresh_session::FUNCTION),
    Listed::route::<logout::Logout>(&logout::FUNCTION),
    Listed::route::<get_me::GetMe>(&get_me::FUNCTION),
    Listed::route::<get_jwks::GetJwks>(&get_jwks::FUNCTION),
];
