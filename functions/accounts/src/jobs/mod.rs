//! The jobs of `accounts`. Written by `make generate`: each file of this folder is one.

pub mod expire_sessions;
pub mod import_accounts;
pub mod purge_unverified_accounts;
pub mod report_weak_hashes;
pub mod rotate_signing_keys;
pub mod watch_failed_logins;
pub mod withdraw_signing_key;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&expire_sessions::FUNCTION),
    Listed::job(&import_accounts::FUNCTION),
    Listed::job(&purge_unverified_accounts::FUNCTION),
    Listed::job(&report_weak_hashes::FUNCTION),
    Listed::job(&rotate_signing_keys::FUNCTION),
    Listed::job(&watch_failed_logins::FUNCTION),
    Listed::job(&withdraw_signing_key::FUNCTION),
];
