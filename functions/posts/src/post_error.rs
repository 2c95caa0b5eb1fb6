//! Why a post in its current state refuses an operation.

use channels::ChannelId;
use shared::kernel::problems::{ProblemCode, Refusal};

use crate::bounds::MAX_CHANNELS;
use crate::problems;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    #[error("The post is being published. Wait until publishing ends, then read the post.")]
    BeingPublished,
    #[error("The post is published and cannot be changed here. Change it on the platform, or create another post.")]
    AlreadyPublished,
    #[error("The post may have been published. Follow the remedy of its held deliveries.")]
    Held,
    #[error("The post is not scheduled.")]
    NotScheduled,
    #[error("The delivery is not held: it is known what became of it, or a newer delivery replaced it.")]
    DeliveryNotHeld,
    #[error("The post was modified by another request. Reload it and try again.")]
    ModifiedConcurrently,
    #[error("must not change while the post is scheduled: schedule it again for other channels")]
    ChannelsScheduled,
    #[error("must not include {channel_id}: the post is already published there")]
    PublishedThere { channel_id: ChannelId },
    #[error("must not exceed {MAX_CHANNELS} channels, including earlier published or failed ones")]
    TooManyChannels,
    #[error("The workspace's plan allows {limit} scheduled posts. Unschedule one, or upgrade the plan.")]
    TooManyScheduled { limit: u64 },
    #[error(
        "The workspace's plan allows {limit} posts a month (UTC), counted when they are first scheduled. Wait for the \
         next month, or upgrade the plan."
    )]
    TooManyThisMonth { limit: u64 },
}

impl Refusal for PostError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::BeingPublished => problems::POST_BEING_PUBLISHED,
            Self::AlreadyPublished => problems::POST_ALREADY_PUBLISHED,
            Self::Held => problems::POST_HELD,
            Self::NotScheduled => problems::POST_NOT_SCHEDULED,
            Self::DeliveryNotHeld => problems::DELIVERY_NOT_HELD,
            Self::ModifiedConcurrently => problems::POST_MODIFIED_CONCURRENTLY,
            Self::ChannelsScheduled => problems::POST_SCHEDULED,
            Self::PublishedThere { .. } => problems::POST_PUBLISHED_THERE,
            Self::TooManyChannels => problems::POST_HAS_TOO_MANY_CHANNELS,
            Self::TooManyScheduled { .. } => problems::TOO_MANY_SCHEDULED_POSTS,
            Self::TooManyThisMonth { .. } => problems::TOO_MANY_POSTS_THIS_MONTH,
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::ChannelsScheduled | Self::PublishedThere { .. } | Self::TooManyChannels => Some("channel_ids"),
            _ => None,
        }
    }
}
