//! The jobs of `plans`. Written by `make generate`: each file of this folder is one.

pub mod apply_plan_limits;
pub mod expire_overrides;
pub mod recount_usage;
pub mod set_override;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&apply_plan_limits::FUNCTION),
    Listed::job(&expire_overrides::FUNCTION),
    Listed::job(&recount_usage::FUNCTION),
    Listed::job(&set_override::FUNCTION),
];
