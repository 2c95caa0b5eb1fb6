//! The jobs of `staff`. Written by `make generate`: each file of this folder is one.

pub mod grant_staff;
pub mod revoke_staff;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&grant_staff::FUNCTION),
    Listed::job(&revoke_staff::FUNCTION),
];
