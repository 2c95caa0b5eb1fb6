//! What the sweep does with a delivery that is due.

use shared::config::Sending;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::work::backoff;

use super::{Cure, Delivery, DeliveryError, State, WrongState};
use crate::lease::{CLAIMED_AT_ONCE, HORIZON, MAX_ATTEMPTS, MAX_RECONCILIATIONS};

/// What the sweep must commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swept {
    /// Nothing: it is not due yet, or an attempt is running.
    Nothing,
    /// A claim, whose message must arrive at this instant.
    Claimed { not_before: Timestamp },
    /// The delivery ended, and its post must record that.
    Settled,
}

impl Delivery {
    /// Claims a delivery that was just scheduled for so soon that no sweep may see it in time. Returns the instant at
    /// which its message must arrive.
    pub fn claim_at_once(&mut self, now: Timestamp, sending: Sending) -> Result<Option<Timestamp>, WrongState> {
        match self.state {
            State::Scheduled { not_before } if not_before <= after(now, CLAIMED_AT_ONCE) && sending != Sending::Off => {
                self.claim(not_before)?;
                Ok(Some(not_before))
            }
            _ => Ok(None),
        }
    }

    /// Advances a delivery. Of two concurrent sweeps, the second commit conflicts with the first one's revision and is
    /// dropped; a later sweep finds a lease.
    pub fn sweep(&mut self, now: Timestamp, sending: Sending) -> Result<Swept, WrongState> {
        // No delivery ends while sending is off: due deliveries wait until sending is resumed.
        if sending == Sending::Off {
            return Ok(Swept::Nothing);
        }
        match self.state {
            State::Scheduled { not_before } if not_before <= after(now, HORIZON) => {
                self.sweep_unsent(not_before.max(now), now, sending)
            }
            // The message was lost, or the function died before an intent was recorded: nothing was sent.
            State::Claimed { lease_until } if lease_until <= now => {
                let again_at = after(now, backoff(self.id.as_bytes(), self.attempts()));
                self.sweep_unsent(again_at, now, sending)
            }
            // An intent was recorded: it may have been sent, and is never claimed as new.
            State::Sending { lease_until, begun_by, .. } if lease_until <= now => {
                self.sweep_unknown(lease_until, begun_by, now)
            }
            _ => Ok(Swept::Nothing),
        }
    }

    /// Claims it for `not_before`, which is not earlier than now.
    fn sweep_unsent(&mut self, not_before: Timestamp, now: Timestamp, sending: Sending) -> Result<Swept, WrongState> {
        if self.may_predate_restore(sending) {
            self.hold(restored(now))?;
        } else if not_before > self.latest() {
            self.fail(missed(now))?;
        } else if self.attempts() >= MAX_ATTEMPTS {
            self.fail(given_up(now))?;
        } else {
            self.claim(not_before)?;
            return Ok(Swept::Claimed { not_before });
        }
        Ok(Swept::Settled)
    }

    fn sweep_unknown(&mut self, lease_until: Timestamp, begun_by: u32, now: Timestamp) -> Result<Swept, WrongState> {
        if self.attempt.saturating_sub(begun_by) >= MAX_RECONCILIATIONS {
            self.hold(unanswered(now))?;
            return Ok(Swept::Settled);
        }
        // A call that was in flight when the lease ended may still take effect for this long.
        let settle_time = SignedDuration::from_secs(i64::from(self.platform.settle_time_s()));
        let not_before = after(lease_until, settle_time).max(now);
        self.claim(not_before)?;
        Ok(Swept::Claimed { not_before })
    }
}

fn error(code: &str, text: &str, cure: Cure, at: Timestamp) -> DeliveryError {
    DeliveryError { code: code.to_owned(), text: text.to_owned(), cure, at }
}

fn restored(at: Timestamp) -> DeliveryError {
    let text =
        "The post was due while the service was being restored from a backup, and may have been published before.";
    error("service_restored", text, Cure::Time, at)
}

fn unanswered(at: Timestamp) -> DeliveryError {
    let text = "The post may have been published: the platform did not answer whether it has it.";
    error("outcome_unknown", text, Cure::Time, at)
}

fn missed(at: Timestamp) -> DeliveryError {
    let text = "The post could not be published within 24 hours of its scheduled time and was given up.";
    error("missed", text, Cure::Time, at)
}

fn given_up(at: Timestamp) -> DeliveryError {
    let text = "All 30 attempts failed before the post reached the platform. Nothing was published.";
    error("gave_up", text, Cure::Support, at)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::delivery::tests::claimed;
    use crate::lease::MAX_LATENESS;

    #[test]
    fn a_delivery_whose_next_attempt_would_be_too_late_fails_as_missed() {
        let latest = after(claimed().due_at(), MAX_LATENESS);
        let wait = backoff(claimed().id.as_bytes(), 1);
        let swept_at = |now| {
            let mut delivery = claimed();
            delivery.state = State::Claimed { lease_until: now };
            (delivery.sweep(now, Sending::On).unwrap(), delivery.state.name())
        };
        assert_eq!(swept_at(after(latest, -wait)), (Swept::Claimed { not_before: latest }, "claimed"));
        let late = after(latest, SignedDuration::from_millis(1) - wait);
        assert_eq!(swept_at(late), (Swept::Settled, "failed"));
    }

    #[test]
    fn a_claim_is_not_replaced_after_the_latest_instant() {
        let latest = after(claimed().due_at(), MAX_LATENESS);
        assert_eq!(claimed().claim_again(latest), Ok(true));
        let mut delivery = claimed();
        assert_eq!(delivery.claim_again(after(latest, SignedDuration::from_millis(1))), Ok(false));
        assert_eq!(delivery, claimed());
    }
}
