//! A delivery: one post on its way to one channel.
//!
//! `scheduled → claimed (lease, attempt) → sending (intent recorded) → published | failed | held`, or
//! `cancelled` before it is sent. `transitions` has every step, `sweeping` what the sweep does to
//! each state. What is not final has an entry in the due index, so that what is stuck comes up by itself.

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
mod sweeping;
mod transitions;

pub use remedy::Cure;
pub use sweeping::Swept;
pub use transitions::{Work, WrongState};

pub type DeliveryId = Id<Delivery>;

/// What was cancelled, or given up and replaced, stays this long for people to see.
pub const KEPT_AFTER_CANCELLATION: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub id: DeliveryId,
    pub post_id: PostId,
    pub channel_id: ChannelId,
    pub platform: Platform,
    pub(crate) schedule: Schedule,
    /// Claims so far. A message carries the number of the claim that it was sent for: when another
    /// claim follows, the older message does nothing.
    pub(crate) attempt: u32,
    pub(crate) state: State,
    /// What went wrong last, also where it may still end well.
    #[serde(alias = "trouble")]
    pub(crate) last_error: Option<DeliveryError>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum State {
    /// Waits for its instant, or for the next try.
    Scheduled {
        not_before: Timestamp,
    },
    /// A message is on its way; nobody else acts before the lease ends. Nothing has been sent.
    Claimed {
        lease_until: Timestamp,
    },
    /// The intent is recorded: it may have been sent. Only this intent can be sent again.
    Sending {
        lease_until: Timestamp,
        intent: Intent,
        /// The attempt that recorded the intent. Later attempts reconcile.
        begun_by: u32,
    },
    Published {
        at: Timestamp,
        published: Published,
    },
    /// Nothing was sent, and nothing will be.
    Failed {
        at: Timestamp,
    },
    /// Whether it was sent is for a person to find out.
    Held {
        at: Timestamp,
    },
    Cancelled {
        at: Timestamp,
    },
}

/// What went wrong: the platform's own code and text. What to do about it depends on the delivery's state too:
/// [`Delivery::remedy`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryError {
    pub code: String,
    pub text: String,
    #[serde(default)]
    pub cure: Cure,
    pub at: Timestamp,
}

/// How far a delivery is, as its post remembers it.
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

/// `<post id>#<delivery id>`: the deliveries of a post lie side by side.
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

/// What the keys of a post's deliveries begin with.
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
            last_error: None,
            created_at: now,
            expires_at: None,
        }
    }

    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn last_error(&self) -> Option<&DeliveryError> {
        self.last_error.as_ref()
    }

    /// Whether it ended without being published and another delivery took its place.
    pub fn is_replaced(&self) -> bool {
        matches!(self.state, State::Failed { .. } | State::Held { .. }) && self.expires_at.is_some()
    }

    /// When it was to be published; a try that is put off does not change it.
    pub fn due_at(&self) -> Timestamp {
        self.schedule.instant()
    }

    /// None once it is cancelled: its post forgets it.
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

    /// The schedule under the zone rules of this build, where they put it at another instant and nothing
    /// has been tried.
    pub fn rederived(&self) -> Option<Schedule> {
        self.schedule.rederived().filter(|_| self.attempt == 0 && matches!(self.state, State::Scheduled { .. }))
    }

    /// Moves to the instant of a schedule that was derived anew.
    pub fn follow(&mut self, schedule: Schedule) {
        self.state = State::Scheduled { not_before: schedule.instant() };
        self.schedule = schedule;
    }
}

#[cfg(test)]
mod tests;
