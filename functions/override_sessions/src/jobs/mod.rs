//! The jobs of `override_sessions`. Written by `make generate`: each file of this folder is one.

pub mod expire_override_session;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&expire_override_session::FUNCTION),
];
