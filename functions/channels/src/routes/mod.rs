//! The routes of `channels`. Written by `make generate`: each file of this folder is one.

pub mod choose_account;
pub mod complete_connection;
pub mod connect_bluesky;
pub mod disconnect_channel;
pub mod get_channel;
pub mod get_connection;
pub mod list_channels;
pub mod list_platforms;
pub mod start_connection;

use shared::function::Listed;

#[rustfmt::skip]
pub static LISTED: &[Listed] = &[
    Listed::route::<choose_account::ChooseAccount>(&choose_account::FUNCTION),
    Listed::route::<complete_connection::CompleteConnection>(&complete_connection::FUNCTION),
    Listed::route::<connect_bluesky::ConnectBluesky>(&connect_bluesky::FUNCTION),
    Listed::route::<disconnect_channel::DisconnectChannel>(&disconnect_channel::FUNCTION),
    Listed::route::<get_channel::GetChannel>(&get_channel::FUNCTION),
    Listed::route::<get_connection::GetConnection>(&get_connection::FUNCTION),
    Listed::route::<list_channels::ListChannels>(&list_channels::FUNCTION),
    Listed::route::<list_platforms::ListPlatforms>(&list_platforms::FUNCTION),
    Listed::route::<start_connection::StartConnection>(&start_connection::FUNCTION),
];
