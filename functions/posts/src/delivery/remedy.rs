//! What a person should do about a delivery's last error. It follows from the error and from the state that the delivery
//! is in now: no advice outlives the state that it was given for.

use serde::{Deserialize, Serialize};

use super::{Delivery, State};

/// What resolves an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cure {
    /// Nothing that a person does: another try may succeed.
    #[default]
    Time,
    /// The account must be connected again.
    Reconnect,
    /// The post must be changed, as these words say.
    Change(String),
    /// The fault is ours: a second failure is for support.
    Support,
}

const RETRIED: &str = "No action is needed: publishing is retried automatically.";
const ASKED: &str = "No action is needed: the platform is asked whether the post is there.";
const RECONNECT_TO_ASK: &str = "Connect the channel again: the platform is then asked whether the post is there.";
const RECONNECT: &str = "Connect the channel again, then schedule the post again for it.";
const SCHEDULE: &str = "Schedule the post again.";
const SUPPORT: &str = "Schedule the post again; if it fails again, contact support.";
const LOOK_FIRST: &str = "Look at the channel first: the post may be there. If it is, no action is needed; if it is \
                          not, schedule it again for this channel.";
const LOOK_THEN_RECONNECT: &str = "Look at the account first: the post may be there. If it is, no action is needed; if \
                                   it is not, connect the channel again and schedule the post for it.";
const CANCELLED: &str = "No action is needed: this delivery was cancelled.";
const REPLACED: &str = "No action is needed here: a newer delivery to this channel replaced this one.";

impl Delivery {
    /// None where nothing went wrong.
    pub fn remedy(&self) -> Option<&str> {
        let cure = &self.last_error.as_ref()?.cure;
        Some(match (&self.state, cure) {
            (State::Scheduled { .. } | State::Claimed { .. }, _) => RETRIED,
            (State::Sending { .. }, Cure::Reconnect) => RECONNECT_TO_ASK,
            (State::Sending { .. }, _) => ASKED,
            (State::Failed { .. } | State::Held { .. }, _) if self.is_replaced() => REPLACED,
            (State::Failed { .. }, Cure::Time) => SCHEDULE,
            (State::Failed { .. }, Cure::Reconnect) => RECONNECT,
            (State::Failed { .. }, Cure::Change(words)) => words,
            (State::Failed { .. }, Cure::Support) => SUPPORT,
            // Whatever led here: that something went wrong does not mean that the post is not there.
            (State::Held { .. }, Cure::Reconnect) => LOOK_THEN_RECONNECT,
            (State::Held { .. }, _) => LOOK_FIRST,
            (State::Cancelled { .. }, _) => CANCELLED,
            (State::Published { .. }, _) => return None,
        })
    }
}
