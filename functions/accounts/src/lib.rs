//! Accounts: who a person is, how they sign in, and for how long.

pub mod address;
pub mod attempts;
mod blocklist;
pub mod change_password;
pub mod client;
pub mod confirm_totp;
mod current_password;
mod decoy_account;
pub mod device;
pub mod disable_totp;
pub mod enrol_totp;
pub mod enumeration_safe_mail;
pub mod expire_sessions;
pub mod get_jwks;
pub mod get_me;
mod guessing;
pub mod import_accounts;
mod legacy_hash;
pub mod letter_budget;
pub mod list_factors;
pub mod login;
pub mod logout;
pub mod mailed_link;
pub mod passkey_tally;
mod password;
pub mod password_hash;
pub mod password_owner;
mod password_sign_in;
mod person_name;
pub mod purge_unverified_accounts;
pub mod recovery;
pub mod recovery_codes;
mod refresh_attempt;
pub mod refresh_session;
mod refresh_token;
pub mod regenerate_recovery_codes;
pub mod register;
pub mod report_weak_hashes;
pub mod request_password_reset;
pub mod resend_verification;
pub mod rotate_signing_keys;
pub mod second_factor;
pub mod session;
pub mod sign_in;
pub mod step_up;
pub mod totp;
mod totp_secret;
mod typed_code;
pub mod user;
pub mod verify_email;
pub mod verify_second_factor;
pub mod watch_failed_logins;
pub mod withdraw_signing_key;

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
    Listed::job(&purge_unverified_accounts::FUNCTION),
    Listed::route::<list_factors::ListFactors>(&list_factors::FUNCTION),
    Listed::route::<enrol_totp::EnrolTotp>(&enrol_totp::FUNCTION),
    Listed::route::<confirm_totp::ConfirmTotp>(&confirm_totp::FUNCTION),
    Listed::route::<disable_totp::DisableTotp>(&disable_totp::FUNCTION),
    Listed::route::<regenerate_recovery_codes::RegenerateRecoveryCodes>(&regenerate_recovery_codes::FUNCTION),
    Listed::route::<verify_second_factor::VerifySecondFactor>(&verify_second_factor::FUNCTION),
    Listed::route::<step_up::StepUp>(&step_up::FUNCTION),
    Listed::route::<change_password::ChangePassword>(&change_password::FUNCTION),
    Listed::route::<request_password_reset::RequestPasswordReset>(&request_password_reset::FUNCTION),
    Listed::job(&import_accounts::FUNCTION),
    Listed::job(&report_weak_hashes::FUNCTION),
    Listed::job(&expire_sessions::FUNCTION),
    Listed::job(&rotate_signing_keys::FUNCTION),
    Listed::job(&withdraw_signing_key::FUNCTION),
    Listed::job(&watch_failed_logins::FUNCTION),
];
