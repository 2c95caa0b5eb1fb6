//! The jobs of `channels`. Written by `make generate`: each file of this folder is one.

pub mod end_channel_session;
pub mod expire_connections;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&end_channel_session::FUNCTION),
    Listed::job(&expire_connections::FUNCTION),
];
