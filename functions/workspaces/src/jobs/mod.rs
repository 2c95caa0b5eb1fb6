//! The jobs of `workspaces`. Written by `make generate`: each file of this folder is one.

pub mod sweep_orphan_keys;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&sweep_orphan_keys::FUNCTION),
];
