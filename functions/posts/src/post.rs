//! A post: its content, channels, schedule and progress.

use std::borrow::Borrow;

use channels::ChannelId;
use media::MediaId;
use serde::{Deserialize, Serialize};
use shared::crypto::digest::sha256_hex;
use shared::http::Patch;
use shared::kernel::author::Author;
use shared::kernel::ids::{Id, Identified};
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::table::Entity;
use shared::tenancy::{Entitlement, Limit, Scope};
use utoipa::ToSchema;

use crate::bounds::MAX_CHANNELS;
use crate::content::{Content, Variant};
use crate::delivery::{Delivery, DeliveryId, Phase};
use crate::post_error::PostError;
use crate::post_text::PostText;
use crate::schedule::Schedule;

pub type PostId = Id<Post>;

/// The entitlement to write and schedule posts. Unscheduling does not need it.
pub const POST_PUBLISHING: Entitlement = Entitlement::named("PostPublishing");

/// A post counts as scheduled while one of its deliveries is pending or being sent.
pub const SCHEDULED_POSTS: Limit = Limit::named("scheduled_posts");

/// A post counts once, in the month in which it is first scheduled. It stays counted if it is unscheduled, fails or is
/// deleted, and scheduling it again is free.
pub const POSTS_PER_MONTH: Limit = Limit::named("posts_per_month");

/// Counts the scheduled posts.
pub async fn count_scheduled(workspace: &Scope) -> Result<u64, Problem> {
    workspace.total::<Post>("", |post| u64::from(post.counted)).await
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Post {
    pub id: PostId,
    pub text: PostText,
    pub media_ids: Vec<MediaId>,
    /// The selected channels; the text was checked against their limits.
    pub channel_ids: Vec<ChannelId>,
    /// What single channels get instead. Variants of channels that are not selected are kept for when they are.
    #[serde(default)]
    pub variants: Vec<Variant>,
    pub schedule: Option<Schedule>,
    /// One for each scheduled channel, written in one transaction with the delivery, so that reading a post is one
    /// read.
    pub(crate) deliveries: Vec<Progress>,
    /// Whether it counts among the workspace's scheduled posts: it is counted once and released once.
    #[serde(default)]
    pub(crate) counted: bool,
    /// Whether it was counted among the posts of a month: each post is, once.
    #[serde(default)]
    pub(crate) counted_in_month: bool,
    pub created_by: Author,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The progress of the post on one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DeliveryProgress)]
pub struct Progress {
    pub delivery_id: DeliveryId,
    pub channel_id: ChannelId,
    pub phase: Phase,
}

/// The overall state of a post. It is derived from its deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PostState {
    /// Nothing is scheduled.
    Draft,
    /// Every delivery is pending.
    Scheduled,
    /// A delivery is being sent, or some are done and others are not.
    Publishing,
    /// Every delivery is published.
    Published,
    /// Some are published, the others failed.
    PartlyPublished,
    /// Every delivery failed. Nothing was published.
    Failed,
    /// A delivery may have been published: a person must check its channel.
    Held,
}

impl Identified for Post {
    const PREFIX: &'static str = "post";
    const NAME: &'static str = "Post";
}

impl Entity for Post {
    const KIND: &'static str = "POST";
    type Key = PostId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.id
    }
}

impl Post {
    pub fn draft(
        id: PostId,
        text: PostText,
        media_ids: Vec<MediaId>,
        channel_ids: Vec<ChannelId>,
        variants: Vec<Variant>,
        created_by: Author,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            text,
            media_ids,
            channel_ids,
            variants,
            schedule: None,
            deliveries: Vec::new(),
            counted: false,
            counted_in_month: false,
            created_by,
            created_at: now,
            updated_at: now,
        }
    }

    pub fn state(&self) -> PostState {
        let any = |phase| self.deliveries.iter().any(|progress| progress.phase == phase);
        let all = |phase| self.deliveries.iter().all(|progress| progress.phase == phase);
        match () {
            () if self.deliveries.is_empty() => PostState::Draft,
            () if all(Phase::Pending) => PostState::Scheduled,
            () if any(Phase::Pending) || any(Phase::Sending) => PostState::Publishing,
            () if any(Phase::Held) => PostState::Held,
            () if all(Phase::Published) => PostState::Published,
            () if any(Phase::Published) => PostState::PartlyPublished,
            () => PostState::Failed,
        }
    }

    /// Changes the content. Refused once a channel shows it, or may show it: the post would no longer match what was
    /// published.
    pub fn edit(&mut self, edit: Edit, now: Timestamp) -> Result<(), PostError> {
        self.refuse_if_any(Phase::Sending, PostError::BeingPublished)?;
        self.refuse_if_any(Phase::Held, PostError::Held)?;
        self.refuse_if_any(Phase::Published, PostError::AlreadyPublished)?;
        if let Some(channel_ids) = edit.channel_ids.given() {
            if channel_ids != self.channel_ids && self.has(Phase::Pending) {
                return Err(PostError::ChannelsScheduled);
            }
            self.channel_ids = channel_ids;
        }
        edit.text.apply(&mut self.text);
        edit.media_ids.apply(&mut self.media_ids);
        edit.variants.apply(&mut self.variants);
        self.updated_at = now;
        Ok(())
    }

    pub fn content(&self) -> Content<'_> {
        Content { text: &self.text, media_ids: &self.media_ids, variants: &self.variants }
    }

    /// Whether it has the same text, pictures and variants.
    pub fn has_content_of(&self, other: &Self) -> bool {
        (&self.text, &self.media_ids, &self.variants) == (&other.text, &other.media_ids, &other.variants)
    }

    /// The digest of its content.
    pub fn content_digest(&self) -> String {
        // Another release may write it otherwise: what was staged is then prepared again.
        sha256_hex(format!("{:?}", (&self.text, &self.media_ids, &self.variants)).as_bytes())
    }

    /// Records the phase of a delivery.
    pub fn note(&mut self, delivery: &Delivery) {
        let place = self.deliveries.iter().position(|progress| progress.delivery_id == delivery.id);
        match (place, delivery.phase()) {
            (Some(place), Some(phase)) => self.deliveries[place].phase = phase,
            (Some(_), None) => self.forget(delivery.id),
            (None, Some(phase)) => {
                self.deliveries.push(Progress { delivery_id: delivery.id, channel_id: delivery.channel_id, phase });
            }
            (None, None) => {}
        }
    }

    /// Removes a delivery that was cancelled or replaced.
    pub fn forget(&mut self, delivery_id: DeliveryId) {
        self.deliveries.retain(|progress| progress.delivery_id != delivery_id);
        if self.deliveries.is_empty() {
            self.schedule = None;
        }
    }

    /// The deliveries that a new schedule for these channels supersedes: all pending ones, and those that ended
    /// unpublished on one of these channels.
    pub fn reschedule(&self, channel_ids: &[ChannelId]) -> Result<Vec<Progress>, PostError> {
        self.refuse_if_any(Phase::Sending, PostError::BeingPublished)?;
        let mut aside = Vec::new();
        for progress in &self.deliveries {
            let named = channel_ids.contains(&progress.channel_id);
            match progress.phase {
                Phase::Published if named => {
                    return Err(PostError::PublishedThere { channel_id: progress.channel_id });
                }
                Phase::Pending => aside.push(*progress),
                Phase::Failed | Phase::Held if named => aside.push(*progress),
                Phase::Published | Phase::Failed | Phase::Held | Phase::Sending => {}
            }
        }
        // Deliveries that stay count too: a post's deliveries are written in one transaction.
        if self.deliveries.len() - aside.len() + channel_ids.len() > MAX_CHANNELS {
            return Err(PostError::TooManyChannels);
        }
        Ok(aside)
    }

    /// Applies the schedule and its deliveries.
    pub fn schedule(
        &mut self,
        schedule: Schedule,
        channel_ids: Vec<ChannelId>,
        deliveries: &[Delivery],
        now: Timestamp,
    ) {
        self.schedule = Some(schedule);
        self.channel_ids = channel_ids;
        self.updated_at = now;
        for delivery in deliveries {
            self.note(delivery);
        }
    }

    /// The deliveries that can still be cancelled.
    pub fn unschedule(&self) -> Result<Vec<Progress>, PostError> {
        let pending: Vec<_> =
            self.deliveries.iter().copied().filter(|progress| progress.phase == Phase::Pending).collect();
        match pending.is_empty() {
            false => Ok(pending),
            true if self.has(Phase::Sending) => Err(PostError::BeingPublished),
            true => Err(PostError::NotScheduled),
        }
    }

    /// The deliveries that are moved to the trash with it.
    pub fn discard(&self) -> Result<&[Progress], PostError> {
        self.refuse_if_any(Phase::Sending, PostError::BeingPublished)?;
        Ok(&self.deliveries)
    }

    /// By how much the commit that writes this post must change the count of scheduled posts.
    pub fn recount(&mut self) -> Recount {
        let open = self.has(Phase::Pending) || self.has(Phase::Sending);
        match (std::mem::replace(&mut self.counted, open), open) {
            (false, true) => Recount::OneMore,
            (true, false) => Recount::OneLess,
            _ => Recount::Same,
        }
    }

    fn has(&self, phase: Phase) -> bool {
        self.deliveries.iter().any(|progress| progress.phase == phase)
    }

    fn refuse_if_any(&self, phase: Phase, refusal: PostError) -> Result<(), PostError> {
        if self.has(phase) { Err(refusal) } else { Ok(()) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recount {
    OneMore,
    OneLess,
    Same,
}

/// A change to a post. A field that is not given stays unchanged.
#[derive(Default)]
pub struct Edit {
    pub text: Patch<PostText>,
    pub media_ids: Patch<Vec<MediaId>>,
    pub channel_ids: Patch<Vec<ChannelId>>,
    pub variants: Patch<Vec<Variant>>,
}

#[cfg(test)]
mod tests;
