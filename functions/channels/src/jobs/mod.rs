//! The jobs of `channels`. Written by `make generate`: each file of this folder is one.

pub mod end_channel_session;
pub mod expire_connections;
pub mod notify_reauthorisation;
pub mod refresh_channel_tokens;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::job(&end_channel_session::FUNCTION),
    Listed::job(&expire_connections::FUNCTION),
    Listed::job(&notify_reauthorisation::FUNCTION),
    Listed::job(&refresh_channel_tokens::FUNCTION),
];
