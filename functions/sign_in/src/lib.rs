//! Sign-in: passwords, second factors and sessions.

pub mod attempts;
pub mod client;
mod current_password;
pub mod device;
mod guessing;
pub mod history;
pub mod jobs;
pub mod letters;
pub mod passkey_tally;
pub mod password_owner;
mod password_sign_in;
pub mod problems;
pub mod recovery_codes;
mod refresh_attempt;
mod refresh_error;
mod refresh_token;
pub mod routes;
pub mod second_factor;
pub mod session;
mod sign_in_error;
pub mod totp;
mod totp_secret;
mod typed_code;

pub use refresh_attempt::{NotAnAttempt, RefreshAttempt};
pub use refresh_token::{NotARefreshToken, RefreshToken};
