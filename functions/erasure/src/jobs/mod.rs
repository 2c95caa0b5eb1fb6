//! The jobs of `erasure`. Written by `make generate`: each file of this folder is one.

pub mod purge_workspaces;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&purge_workspaces::FUNCTION),
];
