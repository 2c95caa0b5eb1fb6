//! Accounts: users, their email addresses and their passwords.

pub mod address;
mod blocklist;
pub mod decoy_account;
pub mod enumeration_safe_mail;
pub mod jobs;
mod legacy_hash;
pub mod letter_budget;
pub mod letters;
pub mod mailed_link;
mod password;
pub mod password_hash;
mod person_name;
pub mod problems;
pub mod recovery;
pub mod routes;
pub mod user;

#[cfg(feature = "measuring")]
pub use blocklist::listed::file_of as blocklist_file_of;
pub use mail::EmailAddress;
pub use password::{Password, PasswordAttempt, PasswordError, PasswordLength, ProvedBy};
#[cfg(feature = "measuring")]
pub use password_hash::hash_alone;
pub use password_hash::{HashError, PasswordHash, Verdict};
pub use person_name::{NotAName, PersonName};
pub use user::User;
