//! The jobs of `accounts`. Written by `make generate`: each file of this folder is one.

pub mod import_accounts;
pub mod purge_unverified_accounts;
pub mod report_weak_hashes;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&import_accounts::FUNCTION),
    Listed::job(&purge_unverified_accounts::FUNCTION),
    Listed::job(&report_weak_hashes::FUNCTION),
];
