//! Why something cannot be done to a post as it is.

use channels::ChannelId;
use shared::kernel::problems::Refusal;

use crate::post::MAX_CHANNELS;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    #[error("The post is being published. Wait until it is done.")]
    BeingPublished,
    #[error("The post is published, and what is published cannot be changed here.")]
    AlreadyPublished,
    #[error("The post may have been published: see its deliveries for what to do.")]
    Held,
    #[error("The post is not scheduled.")]
    NotScheduled,
    #[error("The post was changed meanwhile. Read it again.")]
    ChangedMeanwhile,
    #[error("must stay as they are while the post is scheduled: schedule it again for other channels")]
    ChannelsScheduled,
    #[error("must not name {channel_id}: the post is published there")]
    PublishedThere { channel_id: ChannelId },
    #[error("must be at most {MAX_CHANNELS}, with those that the post was published to or failed on")]
    TooManyChannels,
    #[error("The workspace's plan allows {limit} scheduled posts. Unschedule one, or change the plan.")]
    TooManyScheduled { limit: u64 },
}

impl Refusal for PostError {
    fn status(&self) -> u16 {
        match self {
            Self::TooManyChannels => 422,
            Self::TooManyScheduled { .. } => 402,
            _ => 409,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::BeingPublished => "post_being_published",
            Self::AlreadyPublished => "post_already_published",
            Self::Held => "post_held",
            Self::NotScheduled => "post_not_scheduled",
            Self::ChangedMeanwhile => "post_changed_meanwhile",
            Self::ChannelsScheduled => "post_scheduled",
            Self::PublishedThere { .. } => "post_published_there",
            Self::TooManyChannels => "post_has_too_many_channels",
            Self::TooManyScheduled { .. } => "too_many_scheduled_posts",
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::ChannelsScheduled | Self::PublishedThere { .. } | Self::TooManyChannels => Some("channel_ids"),
            _ => None,
        }
    }
}
