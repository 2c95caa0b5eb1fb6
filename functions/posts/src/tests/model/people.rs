//! People: they edit, unschedule, reschedule and delete the post, as the routes of those names do.

use channels::Guarantee;
use shared::config::Sending;
use shared::http::Patch;
use shared::kernel::time::{Timestamp, after};

use super::world::{Row, World, seconds};
use crate::delivery::tests::channel;
use crate::delivery::{Delivery, State};
use crate::post::{Edit, Post, Progress};
use crate::post_text::PostText;
use crate::progress::supersede_delivery;
use crate::schedule::Schedule;
use crate::wall_time::WallTime;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    Edit,
    Unschedule,
    /// For half a minute later.
    Reschedule,
    Delete,
}

pub const ACTS: [Act; 4] = [Act::Edit, Act::Unschedule, Act::Reschedule, Act::Delete];

/// A schedule for an instant, rounded up to a whole second.
pub fn schedule_for(instant: Timestamp) -> Schedule {
    let whole = after(instant, shared::kernel::time::SignedDuration::from_millis(999));
    let wall_time = WallTime::parse(&whole.strftime("%Y-%m-%dT%H:%M:%S").to_string()).unwrap();
    Schedule::new(wall_time, "UTC", Timestamp::UNIX_EPOCH.max(after(instant, seconds(-3600)))).unwrap()
}

/// The delivery of this place in the order of scheduling.
pub fn delivery(index: usize, post: &Post, schedule: Schedule, now: Timestamp) -> Delivery {
    let id = format!("dlv_01890a5d00007000800000000000000{index}").parse().unwrap();
    Delivery::new(id, post.id, &channel(), schedule, now)
}

impl World {
    /// A person acts. False if the product refuses it: then nothing changes.
    pub fn act(&mut self, act: Act, guarantee: Guarantee) -> bool {
        let Some(post) = self.post.clone() else { return false };
        let mut post = (*post).clone();
        match act {
            Act::Edit => {
                let text = PostText::parse(&format!("{}+", post.text.as_str())).unwrap();
                if post.edit(Edit { text: Patch::set(text), ..Edit::default() }, self.now).is_err() {
                    return false;
                }
                self.post = Some(Row::new(post));
                true
            }
            Act::Unschedule => match post.unschedule() {
                Ok(pending) => self.supersede(&mut post, &pending),
                Err(_) => false,
            },
            Act::Reschedule => self.may_be_rescheduled(guarantee) && self.reschedule(post),
            Act::Delete => {
                if post.discard().is_err() {
                    return false;
                }
                self.post = None;
                self.deliveries.fill(None);
                true
            }
        }
    }

    /// A person who is asked to check the channel first reschedules a held post only if the channel does not show it:
    /// a platform that recognises no keys would show it twice.
    fn may_be_rescheduled(&self, guarantee: Guarantee) -> bool {
        let held = self.deliveries.iter().flatten().any(|delivery| matches!(delivery.state, State::Held { .. }));
        guarantee.recognises_repeats()
            || !held
            || (self.ledger.effects.is_empty() && self.ledger.flights.is_empty() && self.runs.is_empty())
    }

    fn supersede(&mut self, post: &mut Post, aside: &[Progress]) -> bool {
        let mut superseded = Vec::new();
        for (index, delivery) in self.deliveries.iter().enumerate() {
            let Some(delivery) = delivery.as_ref().filter(|d| aside.iter().any(|p| p.delivery_id == d.id)) else {
                continue;
            };
            let mut delivery = (**delivery).clone();
            if supersede_delivery(post, &mut delivery, self.now).is_err() {
                return false;
            }
            superseded.push((index, delivery));
        }
        let _counted = post.recount();
        self.post = Some(Row::new(post.clone()));
        for (index, delivery) in superseded {
            self.store(index, delivery);
        }
        true
    }

    fn reschedule(&mut self, mut post: Post) -> bool {
        let channels = vec![channel().id];
        let Ok(aside) = post.reschedule(&channels) else { return false };
        if !self.supersede(&mut post, &aside) {
            return false;
        }
        let schedule = schedule_for(after(self.now, seconds(30)));
        self.schedule(post, schedule);
        true
    }

    /// As `routes::schedule_post`, for the model's only channel.
    pub fn schedule(&mut self, mut post: Post, schedule: Schedule) {
        let index = self.deliveries.len();
        let mut delivery = delivery(index, &post, schedule.clone(), self.now);
        let claimed = delivery.claim_at_once(self.now, Sending::On).unwrap();
        post.schedule(schedule, vec![channel().id], std::slice::from_ref(&delivery), self.now);
        let _counted = post.recount();
        self.post = Some(Row::new(post));
        self.deliveries.push(None);
        self.ledger.may_exist.push(false);
        self.store(index, delivery);
        if let Some(not_before) = claimed {
            self.send(index, not_before);
        }
    }
}
