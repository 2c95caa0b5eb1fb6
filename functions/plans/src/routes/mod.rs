//! The routes of `plans`. Written by `make generate`: each file of this folder is one.

pub mod get_entitlements;
pub mod get_usage;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<get_entitlements::GetEntitlements>(&get_entitlements::FUNCTION),
    Listed::route::<get_usage::GetUsage>(&get_usage::FUNCTION),
];
