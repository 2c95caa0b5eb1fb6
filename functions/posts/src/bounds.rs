//! The maximum numbers of channels and pictures of a post.

use channels::Channel;
use media::Media;
use shared::http::Distinct;

/// The maximum number of pictures; most platforms accept fewer.
pub const MAX_MEDIA: usize = 10;
/// The maximum number of different pictures of a post with its variants, which are read in one call.
pub const MAX_MEDIA_IN_ALL: usize = 50;
/// The maximum number of channels. Rescheduling cancels one delivery and inserts another for each channel, which must
/// fit into one transaction of 100 writes.
pub const MAX_CHANNELS: usize = 20;

/// The pictures of a post.
pub type MediaIds = Distinct<Media, 0, MAX_MEDIA>;
/// The selected channels of a post.
pub type ChannelIds = Distinct<Channel, 0, MAX_CHANNELS>;
/// The channels that a post is scheduled for.
pub type ScheduledChannelIds = Distinct<Channel, 1, MAX_CHANNELS>;
