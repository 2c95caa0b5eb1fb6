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
const LOOK_FIRST: &str = "Check the channel first: the post may be there. Resolve the delivery with what you see; if the post is \
                          not there, schedule it again for this channel.";
const LOOK_THEN_RECONNECT: &str = "Check the account first: the post may be there. Resolve the delivery with what you see; \
                                   if the post is not there, reconnect the channel and schedule the post again.";
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::delivery::tests::{NEVER, SECOND, Step, TABLE, due, error, every_state, sending};
    use crate::delivery::{DeliveryError, WrongState};
    use crate::lease::{MAX_LATENESS, MAX_RECONCILIATIONS};

    /// The steps that record an error.
    type Failing = fn(&mut Delivery, DeliveryError) -> Result<(), WrongState>;
    const FAILING: [Failing; 5] = [
        |d, error| d.fail(error),
        |d, error| d.hold(error),
        |d, error| d.postpone(error, NEVER),
        |d, error| d.postpone(error, MAX_LATENESS + SECOND),
        |d, error| d.doubt(error, NEVER),
    ];

    /// Every delivery that three transitions can reach, and those in which the platform never answered.
    fn reachable(error: &DeliveryError) -> Vec<Delivery> {
        let without_error = TABLE.iter().filter(|(name, ..)| !["fail", "hold", "postpone", "doubt"].contains(name));
        let without_error: Vec<Step> = without_error.map(|(_, step, _)| *step).collect();
        let mut never_answered = sending();
        for _ in 0..MAX_RECONCILIATIONS {
            never_answered.doubt(error.clone(), NEVER).unwrap();
            never_answered.claim(due()).unwrap();
        }
        let mut reached = every_state().to_vec();
        reached.push(never_answered);
        let mut newest = reached.clone();
        for _ in 0..3 {
            let mut next = Vec::new();
            for before in &newest {
                let mut keep = |step: &dyn Fn(&mut Delivery) -> Result<(), WrongState>| {
                    let mut after = before.clone();
                    if step(&mut after).is_ok() && !reached.contains(&after) {
                        reached.push(after.clone());
                        next.push(after);
                    }
                };
                without_error.iter().for_each(|step| keep(step));
                FAILING.iter().for_each(|step| keep(&|delivery| step(delivery, error.clone())));
            }
            newest = next;
        }
        reached
    }

    #[test]
    fn each_remedy_fits_the_state_of_its_delivery() {
        for cure in
            [Cure::Time, Cure::Reconnect, Cure::Change("Shorten it, then schedule again.".to_owned()), Cure::Support]
        {
            let error = DeliveryError { cure, ..error(due()) };
            let mut shown = std::collections::BTreeSet::new();
            for delivery in reachable(&error) {
                let remedy = delivery.remedy();
                assert_eq!(remedy.is_some(), delivery.last_error.is_some(), "{delivery:?}");
                let Some(remedy) = remedy else { continue };
                let waits = remedy.contains("automatically") || remedy.contains("whether the platform has");
                let asks_to_schedule = remedy.to_lowercase().contains("schedule ");
                let state = (delivery.state.name(), delivery.is_replaced());
                match state {
                    ("scheduled" | "claimed" | "sending", _) => {
                        assert!(waits && !asks_to_schedule, "{state:?}: {remedy}")
                    }
                    (_, true) | ("cancelled", _) => assert!(!waits && !asks_to_schedule, "{state:?}: {remedy}"),
                    ("held", _) => assert!(remedy.starts_with("Check the") && !waits, "{state:?}: {remedy}"),
                    _ => assert!(asks_to_schedule && !waits, "{state:?}: {remedy}"),
                }
                shown.insert(state);
            }
            assert_eq!(shown.len(), 8, "{error:?} reaches {shown:?}");
        }
    }
}
