//! Channels: the accounts on social platforms that a workspace publishes to.

mod bluesky;
pub mod channel;
pub mod connect_bluesky;
pub mod disconnect_channel;
pub mod end_channel_session;
pub mod get_channel;
pub mod list_channels;
pub mod platform;
pub mod publishing;
mod session;

pub use channel::{Channel, ChannelId, ChannelView, Connection};
pub use platform::{Guarantee, Limits, OverLimit, Platform, count_graphemes};

use shared::function::Listed;

/// Every function of the domain, with its shapes.
pub static FUNCTIONS: &[Listed] = &[
    Listed::route::<connect_bluesky::ConnectBluesky>(&connect_bluesky::FUNCTION),
    Listed::route::<list_channels::ListChannels>(&list_channels::FUNCTION),
    Listed::route::<get_channel::GetChannel>(&get_channel::FUNCTION),
    Listed::route::<disconnect_channel::DisconnectChannel>(&disconnect_channel::FUNCTION),
    Listed::job(&end_channel_session::FUNCTION),
];
