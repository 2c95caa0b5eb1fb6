//! The routes of `channels`. Written by `make generate`: each file of this folder is one.

pub mod connect_bluesky;
pub mod disconnect_channel;
pub mod get_channel;
pub mod list_channels;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<connect_bluesky::ConnectBluesky>(&connect_bluesky::FUNCTION),
    Listed::route::<disconnect_channel::DisconnectChannel>(&disconnect_channel::FUNCTION),
    Listed::route::<get_channel::GetChannel>(&get_channel::FUNCTION),
    Listed::route::<list_channels::ListChannels>(&list_channels::FUNCTION),
];
