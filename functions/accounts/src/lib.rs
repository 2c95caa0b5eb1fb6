//! Accounts: who a person is, how they sign in, and for how long.

pub mod address;
pub mod attempts;
mod blocklist;
pub mod client;
mod current_password;
mod decoy_account;
pub mod device;
pub mod enumeration_safe_mail;
mod guessing;
pub mod jobs;
mod legacy_hash;
pub mod letter_budget;
pub mod mailed_link;
pub mod passkey_tally;
mod password;
pub mod password_hash;
pub mod password_owner;
mod password_sign_in;
mod person_name;
pub mod problems;
pub mod recovery;
pub mod recovery_codes;
mod refresh_attempt;
mod refresh_error;
mod refresh_token;
pub mod routes;
pub mod second_factor;
pub mod session;
pub mod sign_in;
mod sign_in_error;
pub mod totp;
mod totp_secret;
mod typed_code;
pub mod user;

#[cfg(feature = "measuring")]
pub use blocklist::listed::file_of as blocklist_file_of;
pub use mail::EmailAddress;
pub use password::{Password, PasswordAttempt, PasswordError, PasswordLength, ProvedBy};
#[cfg(feature = "measuring")]
pub use password_hash::hash_alone;
pub use password_hash::{HashError, PasswordHash, Verdict};
pub use person_name::{NotAName, PersonName};
pub use refresh_attempt::{NotAnAttempt, RefreshAttempt};
pub use refresh_token::{NotARefreshToken, RefreshToken};
pub use user::User;
