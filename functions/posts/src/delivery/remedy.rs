//! What a person should do about a delivery's last error. It is derived from the error and the current state, so no
//! advice outlives the state that it was given for.

use serde::{Deserialize, Serialize};

use super::{Delivery, State};

/// What resolves an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cure {
    /// No human action: another attempt may succeed.
    #[default]
    Time,
    /// The account must be reconnected.
    Reconnect,
    /// What this text says, such as how to change the post.
    Change(String),
    /// The fault is ours: if it happens again, contact support.
    Support,
}

const RETRIED: &str = "No action is needed: publishing is retried automatically.";
const ASKED: &str = "No action is needed: we are checking whether the platform has the post.";
const RECONNECT_TO_ASK: &str = "Reconnect the channel: we then check whether the platform has the post.";
const RECONNECT: &str = "Reconnect the channel, then schedule the post again.";
const SCHEDULE: &str = "Schedule the post again.";
const SUPPORT: &str = "Schedule the post again; if it fails again, contact support.";
const LOOK_FIRST: &str = "Check the channel first: the post may be there. If it is, no action is needed; if it is \
                          not, schedule it again for this channel.";
const LOOK_THEN_RECONNECT: &str = "Check the account first: the post may be there. If it is, no action is needed; if \
                                   it is not, reconnect the channel and schedule the post again.";
const CANCELLED: &str = "No action is needed: this delivery was cancelled.";
const REPLACED: &str = "No action is needed here: a newer delivery to this channel replaced this one.";

impl Delivery {
    /// None if there was no error.
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
            // For any cause: an error does not prove that the post was not published.
            (State::Held { .. }, Cure::Reconnect) => LOOK_THEN_RECONNECT,
            (State::Held { .. }, _) => LOOK_FIRST,
            (State::Cancelled { .. }, _) => CANCELLED,
            (State::Published { .. }, _) => return None,
        })
    }
}
