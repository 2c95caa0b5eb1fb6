//! The jobs of `recovery`. Written by `make generate`: each file of this folder is one.

pub mod offer_recoveries;
pub mod tell_of_recovery;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&offer_recoveries::FUNCTION),
    Listed::job(&tell_of_recovery::FUNCTION),
];
