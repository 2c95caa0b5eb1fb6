//! Why something cannot be done to a post as it is.

use channels::ChannelId;
use shared::kernel::problems::{ProblemCode, Refusal};

use crate::bounds::MAX_CHANNELS;
use crate::problems;

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
    fn problem(&self) -> ProblemCode {
        match self {
            Self::BeingPublished => problems::POST_BEING_PUBLISHED,
            Self::AlreadyPublished => problems::POST_ALREADY_PUBLISHED,
            Self::Held => problems::POST_HELD,
            Self::NotScheduled => problems::POST_NOT_SCHEDULED,
            Self::ChangedMeanwhile => problems::POST_CHANGED_MEANWHILE,
            Self::ChannelsScheduled => problems::POST_SCHEDULED,
            Self::PublishedThere { .. } => problems::POST_PUBLISHED_THERE,
            Self::TooManyChannels => problems::POST_HAS_TOO_MANY_CHANNELS,
            Self::TooManyScheduled { .. } => problems::TOO_MANY_SCHEDULED_POSTS,
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::ChannelsScheduled | Self::PublishedThere { .. } | Self::TooManyChannels => Some("channel_ids"),
            _ => None,
        }
    }
}
