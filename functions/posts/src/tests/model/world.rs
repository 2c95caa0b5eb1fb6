//! The state of the model: the stored items are the product's own values.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use channels::publishing::Intent;
use shared::kernel::time::{SignedDuration, Timestamp};

use super::platform::{Answer, Ledger};
use crate::attempt::steps::Claim;
use crate::delivery::{Delivery, Staging, State, Swept, WrongState};
use crate::lease::LEASE;
use crate::post::{Post, Recount};
use crate::verdict::Stage;

/// A stored item, shared between states. Its hash leaves out what no transition reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<T>(pub Arc<T>);

impl<T> Row<T> {
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Deref for Row<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Hash for Row<Delivery> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        // Complete, so that a new field is either hashed or excused here. Ids and the channel are constant.
        let Delivery {
            id: _,
            post_id: _,
            channel_id: _,
            platform: _,
            schedule,
            attempt,
            waits,
            state,
            staging,
            first_sent_at: _,
            last_error: _,
            created_at: _,
            expires_at,
        } = &*self.0;
        (schedule.instant(), attempt, waits, expires_at.is_some(), state.name()).hash(hasher);
        if let Some(Staging { content, since, staged }) = staging {
            (content, since, staged.state.as_str()).hash(hasher);
        }
        match state {
            State::Scheduled { not_before: at } | State::Claimed { lease_until: at } => at.hash(hasher),
            State::Published { at: _, published, by: _ } => published.id.hash(hasher),
            State::Failed { at: _ } | State::Held { at: _ } | State::Cancelled { at: _ } => {}
            State::Sending { lease_until, intent, begun_by, sent_again_by } => {
                (lease_until, begun_by, sent_again_by).hash(hasher);
                text_of(intent).hash(hasher);
            }
        }
    }
}

impl Hash for Row<Post> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.text.as_str().hash(hasher);
        (self.counted, self.schedule.is_some()).hash(hasher);
        for progress in &self.deliveries {
            (progress.delivery_id, progress.phase as u8).hash(hasher);
        }
    }
}

/// The text that an intent publishes.
pub fn text_of(intent: &Intent) -> &str {
    intent.request.as_str().unwrap()
}

/// A message to publish, in the outbox or its queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sent {
    pub delivery: usize,
    pub attempt: u32,
    pub not_before: Timestamp,
    /// Whether it arrives in time. Otherwise it is lost, or arrives at any later instant.
    pub certain: bool,
}

/// A running function: one execution of a publishing function.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Run {
    pub delivery: usize,
    pub claim: Claim,
    /// When Lambda ends the function.
    pub ends_at: Timestamp,
    pub at: At,
}

/// What a run does next.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum At {
    /// Reads the post and prepares it.
    Prepare { again_until: Timestamp, left: usize, read: Row<Delivery> },
    /// Commits a step of the preparation of a text.
    Stage { again_until: Timestamp, left: usize, prepared: Row<Post>, text: String, wait_s: u32 },
    /// Commits the intent.
    Record { again_until: Timestamp, left: usize, prepared: Row<Post>, text: String },
    /// Commits another claim, because edits came first.
    ClaimAgain,
    /// Asks the platform about an intent. The delivery is the one that it read at its start.
    Ask { read: Row<Delivery>, text: String },
    /// Commits that the intent is sent again.
    SendAgain { text: String },
    /// Makes the visible call.
    Send { text: String, stage: Stage },
    /// Waits for the answer to a call that has not taken effect yet.
    Hear { text: String, stage: Stage, until: Timestamp },
    /// Commits what an answer means.
    Conclude { answer: Answer, stage: Stage, at: Timestamp },
    /// Commits a hold: a query found nothing.
    Hold { at: Timestamp },
    /// Commits the publication.
    Publish { text: String },
}

/// A sweep that has read a delivery and has not committed.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Sweep {
    pub delivery: usize,
    pub before: Row<Delivery>,
    pub after: Row<Delivery>,
    /// When the message of its claim must arrive. None if the delivery ended.
    pub not_before: Option<Timestamp>,
    pub ends_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Hash)]
pub struct World {
    pub now: Timestamp,
    /// None once it is deleted.
    pub post: Option<Row<Post>>,
    /// In the order of scheduling. None once it is deleted.
    pub deliveries: Vec<Option<Row<Delivery>>>,
    pub messages: Vec<Sent>,
    pub runs: Vec<Run>,
    pub sweep: Option<Sweep>,
    pub ledger: Ledger,
    /// How many more faults, and acts of people, may happen.
    pub faults: u8,
    pub acts: u8,
    /// The first step that broke a rule.
    pub broken: Option<&'static str>,
}

impl World {
    pub fn delivery(&self, index: usize) -> Option<&Row<Delivery>> {
        self.deliveries.get(index)?.as_ref()
    }

    /// Nothing more happens unless a person or a late message comes.
    pub fn has_ended(&self) -> bool {
        self.deliveries.iter().flatten().all(|delivery| is_final(delivery))
            && self.runs.is_empty()
            && self.sweep.is_none()
            && self.ledger.flights.is_empty()
            && !self.messages.iter().any(|message| message.certain)
    }

    pub fn break_rule(&mut self, rule: &'static str) {
        self.broken.get_or_insert(rule);
    }

    /// Commits a delivery, and checks what the commit does to its intent.
    pub fn store(&mut self, index: usize, mut after: Delivery) {
        // No transition reads the last error.
        after.last_error = None;
        let before = self.deliveries[index].as_ref().map(|delivery| delivery.state.clone());
        match (&before, &after.state) {
            (Some(State::Sending { intent: old, .. }), State::Sending { intent: new, .. }) if old == new => {}
            (Some(State::Sending { .. }), State::Published { .. } | State::Held { .. }) => {}
            (Some(State::Sending { .. }), _) if self.ledger.may_exist[index] => {
                self.break_rule("an intent that may have been sent was dropped or replaced");
            }
            (_, State::Sending { .. }) => {
                self.ledger.may_exist[index] = true;
                if self.now > after_latest(&after) {
                    self.break_rule("an intent was recorded more than a lease after the latest instant");
                }
            }
            _ => {}
        }
        self.deliveries[index] = Some(Row::new(after));
    }

    /// As `progress::take_step`: a step of the delivery and its post, in one transaction. Reading and committing are one
    /// action, because a transaction that conflicts is repeated from its read.
    pub fn take_step(
        &mut self,
        index: usize,
        step: impl FnOnce(&mut Delivery, &Post) -> Result<bool, WrongState>,
    ) -> bool {
        let (Some(delivery), Some(post)) = (self.delivery(index), &self.post) else { return false };
        let (mut delivery, mut post) = ((**delivery).clone(), (**post).clone());
        match step(&mut delivery, &post) {
            Ok(true) => {
                self.settle(index, delivery, &mut post);
                true
            }
            Ok(false) => false,
            Err(_) => {
                self.break_rule("a function took a step that the delivery's state does not allow");
                false
            }
        }
    }

    /// As `progress::stepped`: the delivery with its phase on the post.
    pub fn settle(&mut self, index: usize, delivery: Delivery, post: &mut Post) {
        post.note(&delivery);
        if post.recount() == Recount::OneMore {
            self.break_rule("a transition opened a delivery");
        }
        self.post = Some(Row::new(post.clone()));
        self.store(index, delivery);
    }

    pub fn send(&mut self, delivery: usize, not_before: Timestamp) {
        if let Some(claimed) = self.delivery(delivery) {
            let attempt = claimed.attempt();
            self.messages.push(Sent { delivery, attempt, not_before, certain: true });
        }
    }
}

/// The end of the last claim that may be made.
fn after_latest(delivery: &Delivery) -> Timestamp {
    shared::kernel::time::after(delivery.latest(), LEASE)
}

pub fn is_final(delivery: &Delivery) -> bool {
    !matches!(delivery.state, State::Scheduled { .. } | State::Claimed { .. } | State::Sending { .. })
}

/// The message instant of a sweep's outcome. Outer None: nothing to commit.
pub fn outcome(swept: Swept) -> Option<Option<Timestamp>> {
    match swept {
        Swept::Nothing => None,
        Swept::Claimed { not_before } => Some(Some(not_before)),
        Swept::Settled => Some(None),
    }
}

pub const fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}
