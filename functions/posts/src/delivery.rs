//! A delivery: one post on its way to one channel.
//!
//! `scheduled → claimed (lease, attempt) → sending (intent recorded) → published | failed | held`, or
//! `cancelled` before it is sent. While it is claimed, a platform can prepare it in steps (`staging`). `transitions` has every transition, `sweeping` what the sweep does in each state.
//! Every delivery that is not final has an entry in the due index, so that a stuck one comes up again by itself.

use std::borrow::Borrow;
use std::fmt;

use channels::publishing::{Intent, Published};
use channels::{Channel, ChannelId, Platform};
use serde::{Deserialize, Serialize};
use shared::kernel::ids::{Id, Identified};
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::table::{Due, Entity};
use utoipa::ToSchema;

use crate::post::{PostId, Progress};
use crate::schedule::Schedule;

mod remedy;
mod resolving;
mod staging;
mod sweeping;
mod transitions;

pub use remedy::Cure;
pub use resolving::Resolution;
pub use staging::{AfterStaging, Staging};
pub use sweeping::Swept;
pub use transitions::{Work, WrongState};

pub type DeliveryId = Id<Delivery>;

/// How long a cancelled or replaced delivery stays visible.
pub const KEPT_AFTER_CANCELLATION: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub id: DeliveryId,
    pub post_id: PostId,
    pub channel_id: ChannelId,
    pub platform: Platform,
    pub(crate) schedule: Schedule,
    /// Claims so far. A message has the number of its claim: after a later claim, the older message does nothing.
    pub(crate) attempt: u32,
    /// How many of the claims only waited for the platform to prepare the post: they are no attempts.
    #[serde(default)]
    pub(crate) waits: u32,
    pub(crate) state: State,
    /// What the platform has of the post, if it prepares posts in steps.
    #[serde(default)]
    pub(crate) staging: Option<Staging>,
    /// When the intent was recorded and first sent. None if nothing was sent: before the first send, and after one that
    /// certainly had no effect.
    #[serde(default)]
    pub(crate) first_sent_at: Option<Timestamp>,
    /// The last error, even if the delivery may still succeed.
    #[serde(alias = "trouble")]
    pub(crate) last_error: Option<DeliveryError>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum State {
    /// Waiting for its due instant, or for the next attempt.
    Scheduled {
        not_before: Timestamp,
    },
    /// A message is in flight; no other attempt acts before the lease ends. Nothing has been sent.
    Claimed {
        lease_until: Timestamp,
    },
    /// The intent is recorded: it may have been sent. Only this intent can be sent again.
    Sending {
        lease_until: Timestamp,
        intent: Intent,
        /// The attempt that recorded the intent. Later attempts reconcile.
        begun_by: u32,
        /// The last attempt that sent it again: each does at most once, also if its message is handled twice.
        #[serde(default)]
        sent_again_by: Option<u32>,
    },
    Published {
        at: Timestamp,
        published: Published,
        #[serde(default)]
        by: Confirmation,
    },
    /// Nothing was sent, and nothing will be.
    Failed {
        at: Timestamp,
    },
    /// It may have been sent: a person must check.
    Held {
        at: Timestamp,
    },
    Cancelled {
        at: Timestamp,
    },
}

/// How it is known that a post was published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// The platform answered the send with the post's identifier.
    #[default]
    Answer,
    /// The answer was lost; the post was found on the platform afterwards.
    Observation,
    /// A person said so, after the delivery was held.
    Person,
}

/// The platform's own error code and text. The remedy also depends on the delivery's state: [`Delivery::remedy`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryError {
    pub code: String,
    pub text: String,
    #[serde(default)]
    pub cure: Cure,
    pub at: Timestamp,
}

/// The phase of a delivery, as stored on its post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryPhase)]
pub enum Phase {
    /// Not sent yet: it can be cancelled, and the post's text can be changed.
    Pending,
    Sending,
    Published,
    Failed,
    Held,
}

/// `<post id>#<delivery id>`: the deliveries of a post are adjacent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryKey {
    pub post_id: PostId,
    pub delivery_id: DeliveryId,
}

impl DeliveryKey {
    pub fn of(post_id: PostId, progress: &Progress) -> Self {
        Self { post_id, delivery_id: progress.delivery_id }
    }
}

impl fmt::Display for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", deliveries_of(self.post_id), self.delivery_id)
    }
}

/// The key prefix of a post's deliveries.
pub fn deliveries_of(post_id: PostId) -> String {
    format!("{post_id}#")
}

impl Identified for Delivery {
    const PREFIX: &'static str = "dlv";
    const NAME: &'static str = "Delivery";
}

impl Entity for Delivery {
    const KIND: &'static str = "DELIVERY";
    type Key = DeliveryKey;

    fn key(&self) -> impl Borrow<Self::Key> {
        DeliveryKey { post_id: self.post_id, delivery_id: self.id }
    }

    fn due(&self) -> Option<Due> {
        match &self.state {
            State::Scheduled { not_before } => Some(Due::at(*not_before)),
            State::Claimed { lease_until } | State::Sending { lease_until, .. } => Some(Due::at(*lease_until)),
            State::Published { .. } | State::Failed { .. } | State::Held { .. } | State::Cancelled { .. } => None,
        }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }
}

impl Delivery {
    pub fn new(id: DeliveryId, post_id: PostId, channel: &Channel, schedule: Schedule, now: Timestamp) -> Self {
        Self {
            id,
            post_id,
            channel_id: channel.id,
            platform: channel.platform,
            state: State::Scheduled { not_before: schedule.instant() },
            schedule,
            attempt: 0,
            waits: 0,
            staging: None,
            first_sent_at: None,
            last_error: None,
            created_at: now,
            expires_at: None,
        }
    }

    /// The number of the last claim.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The attempts so far. Waiting for the platform is none.
    pub fn attempts(&self) -> u32 {
        self.attempt.saturating_sub(self.waits)
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn last_error(&self) -> Option<&DeliveryError> {
        self.last_error.as_ref()
    }

    /// Whether it ended unpublished and another delivery replaced it.
    pub fn is_replaced(&self) -> bool {
        matches!(self.state, State::Failed { .. } | State::Held { .. }) && self.expires_at.is_some()
    }

    /// When it is due; postponing an attempt does not change it.
    pub fn due_at(&self) -> Timestamp {
        self.schedule.instant()
    }

    /// The earliest instant at which it may have been published. A release that recorded no first send sent nothing before it
    /// was due.
    pub fn sent_since(&self) -> Timestamp {
        self.first_sent_at.unwrap_or_else(|| self.due_at())
    }

    /// None once it is cancelled: its post no longer lists it.
    pub fn phase(&self) -> Option<Phase> {
        match self.state {
            State::Scheduled { .. } | State::Claimed { .. } => Some(Phase::Pending),
            State::Sending { .. } => Some(Phase::Sending),
            State::Published { .. } => Some(Phase::Published),
            State::Failed { .. } => Some(Phase::Failed),
            State::Held { .. } => Some(Phase::Held),
            State::Cancelled { .. } => None,
        }
    }

    /// The schedule under this build's zone rules, if they give another instant and nothing has been attempted.
    pub fn rederived(&self) -> Option<Schedule> {
        self.schedule.rederived().filter(|_| self.attempt == 0 && matches!(self.state, State::Scheduled { .. }))
    }

    /// Moves to the instant of a rederived schedule.
    pub fn follow(&mut self, schedule: Schedule) {
        self.state = State::Scheduled { not_before: schedule.instant() };
        self.schedule = schedule;
    }
}

#[cfg(test)]
pub(crate) mod tests;
