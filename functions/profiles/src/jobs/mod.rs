//! The jobs of `profiles`. Written by `make generate`: each file of this folder is one.

pub mod purge_deleted_accounts;
pub mod purge_login_history;
pub mod remind_expiring_access_tokens;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&purge_deleted_accounts::FUNCTION),
    Listed::job(&purge_login_history::FUNCTION),
    Listed::job(&remind_expiring_access_tokens::FUNCTION),
];
