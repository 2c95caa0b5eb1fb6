//! How many channels and pictures a post takes.

use channels::Channel;
use media::Media;
use shared::http::Distinct;

/// A post can have this many pictures; most platforms take fewer.
pub const MAX_MEDIA: usize = 10;
/// A post goes to this many channels, so that scheduling it anew, which cancels one delivery and makes
/// another for each, stays within one transaction of 100 writes.
pub const MAX_CHANNELS: usize = 20;

/// The pictures of a post.
pub type MediaIds = Distinct<Media, 0, MAX_MEDIA>;
/// The channels that a post is meant for.
pub type ChannelIds = Distinct<Channel, 0, MAX_CHANNELS>;
/// The channels that a post is scheduled for.
pub type ScheduledChannelIds = Distinct<Channel, 1, MAX_CHANNELS>;
