//! The jobs of `sign_in`. Written by `make generate`: each file of this folder is one.

pub mod expire_sessions;
pub mod rotate_signing_keys;
pub mod watch_failed_logins;
pub mod withdraw_signing_key;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&expire_sessions::FUNCTION),
    Listed::job(&rotate_signing_keys::FUNCTION),
    Listed::job(&watch_failed_logins::FUNCTION),
    Listed::job(&withdraw_signing_key::FUNCTION),
];
