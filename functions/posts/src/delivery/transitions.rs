//! The state transitions of a delivery. Each names the states it may start from; in any other state it is refused and
//! changes nothing.

use channels::publishing::{Intent, Published};
use shared::config::Sending;
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::work::backoff;

use super::{Confirmation, Delivery, DeliveryError, KEPT_AFTER_CANCELLATION, State};
use crate::lease::{FUNCTION_TIMEOUT_S, LEASE, MAX_ATTEMPTS, MAX_LATENESS, MAX_RECONCILIATIONS, SEND_BUDGET};

/// A transition that the delivery's state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a delivery that is {from} cannot be {to}")]
pub struct WrongState {
    from: &'static str,
    to: &'static str,
}

/// A wrong transition is a bug of a job; the post refuses what a client may not do.
impl From<WrongState> for Problem {
    fn from(wrong: WrongState) -> Self {
        Self::internal(wrong)
    }
}

/// The work of a message for one attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// None, with the reason for the log.
    Nothing(&'static str),
    /// Prepare, record the intent, send.
    Publish,
    /// Find out whether this intent was published.
    Reconcile(Intent),
}

impl Delivery {
    /// The work of this attempt's message, given the current state.
    pub fn work(&self, attempt: u32, now: Timestamp, sending: Sending) -> Work {
        if sending == Sending::Off || self.may_predate_restore(sending) {
            return Work::Nothing("sending is off, or the post may have been sent before a restore");
        }
        if attempt != self.attempt {
            return Work::Nothing("a later claim exists");
        }
        // An attempt may need the function's whole timeout, and must not outlive the lease.
        let enough = SignedDuration::from_secs(i64::from(FUNCTION_TIMEOUT_S));
        match &self.state {
            State::Claimed { .. } | State::Sending { .. } if self.lease_left(now) < enough => {
                Work::Nothing("too little of the lease is left: the sweep will claim it again")
            }
            State::Claimed { .. } => Work::Publish,
            State::Sending { begun_by, sent_again_by, .. }
                if *begun_by == attempt || *sent_again_by == Some(attempt) =>
            {
                Work::Nothing("another attempt is sending it, or the sweep will reconcile it")
            }
            State::Sending { intent, .. } => Work::Reconcile(intent.clone()),
            State::Scheduled { .. } => Work::Nothing("the attempt was postponed"),
            State::Published { .. } | State::Failed { .. } | State::Held { .. } | State::Cancelled { .. } => {
                Work::Nothing("the delivery is settled")
            }
        }
    }

    /// Restarts the full lease for a message that arrived late. Otherwise a queue that is minutes behind would deliver
    /// nothing: each message would arrive when its lease is nearly over, and the sweep would put the next one behind
    /// all others. False if there is nothing to renew.
    pub fn renew(&mut self, attempt: u32, now: Timestamp, sending: Sending) -> bool {
        let enough = SignedDuration::from_secs(i64::from(FUNCTION_TIMEOUT_S));
        let fenced = sending == Sending::Off || self.may_predate_restore(sending);
        if fenced || attempt != self.attempt || self.lease_left(now) >= enough {
            return false;
        }
        let latest = self.latest();
        match &mut self.state {
            State::Claimed { lease_until } if now <= latest => *lease_until = after(now, LEASE),
            State::Sending { lease_until, begun_by, sent_again_by, .. }
                if *begun_by < attempt && *sent_again_by != Some(attempt) =>
            {
                *lease_until = after(now, LEASE);
            }
            _ => return false,
        }
        true
    }

    /// Whether a send that starts now finishes before the lease ends.
    pub fn may_send(&self, now: Timestamp) -> bool {
        self.lease_left(now) >= SEND_BUDGET
    }

    fn lease_left(&self, now: Timestamp) -> SignedDuration {
        match &self.state {
            State::Claimed { lease_until } | State::Sending { lease_until, .. } => lease_until.duration_since(now),
            _ => SignedDuration::ZERO,
        }
    }

    /// Whether the deployment that a restore replaced may have sent it. A delivery with an intent is reconciled as
    /// usual.
    pub(super) fn may_predate_restore(&self, sending: Sending) -> bool {
        match &self.state {
            State::Scheduled { not_before } => sending.doubtful(*not_before),
            State::Claimed { lease_until } => {
                sending.doubtful(*lease_until) || sending.doubtful(after(*lease_until, -LEASE))
            }
            _ => false,
        }
    }

    /// Claims the delivery for one attempt, whose message arrives at `not_before`.
    pub(super) fn claim(&mut self, not_before: Timestamp) -> Result<(), WrongState> {
        let lease_until = after(not_before, LEASE);
        self.state = match &self.state {
            State::Scheduled { .. } | State::Claimed { .. } => State::Claimed { lease_until },
            State::Sending { intent, begun_by, sent_again_by, .. } => State::Sending {
                lease_until,
                intent: intent.clone(),
                begun_by: *begun_by,
                sent_again_by: *sent_again_by,
            },
            _ => return Err(self.wrong("claimed")),
        };
        self.attempt += 1;
        Ok(())
    }

    /// Replaces the claim of an attempt without an outcome by a new one, whose message arrives at `not_before`. False
    /// after the last attempt, and if it is too late for another: nothing changes, and the sweep settles the delivery
    /// when the lease has ended.
    pub fn claim_again(&mut self, not_before: Timestamp) -> Result<bool, WrongState> {
        let State::Claimed { .. } = self.state else { return Err(self.wrong("claimed again")) };
        if self.attempts() >= MAX_ATTEMPTS || not_before > self.latest() {
            return Ok(false);
        }
        self.claim(not_before).map(|()| true)
    }

    /// Records the intent. From here on it may have been sent.
    pub fn begin(&mut self, intent: Intent, now: Timestamp) -> Result<(), WrongState> {
        let State::Claimed { lease_until } = self.state else { return Err(self.wrong("sending")) };
        self.state = State::Sending { lease_until, intent, begun_by: self.attempt, sent_again_by: None };
        self.unstage();
        self.first_sent_at = Some(now);
        Ok(())
    }

    /// Records that this attempt sends the intent again. False if it has done so, or if too little of its lease is left.
    pub fn send_again(&mut self, now: Timestamp) -> Result<bool, WrongState> {
        let is_in_time = self.may_send(now);
        let attempt = self.attempt;
        let State::Sending { begun_by, sent_again_by, .. } = &mut self.state else {
            return Err(self.wrong("sent again"));
        };
        if *begun_by == attempt || *sent_again_by == Some(attempt) || !is_in_time {
            return Ok(false);
        }
        *sent_again_by = Some(attempt);
        Ok(true)
    }

    pub fn publish(&mut self, published: Published, by: Confirmation, now: Timestamp) -> Result<(), WrongState> {
        let State::Sending { .. } = self.state else { return Err(self.wrong("published")) };
        self.state = State::Published { at: now, published, by };
        self.last_error = None;
        Ok(())
    }

    /// Nothing was sent and nothing will be.
    pub fn fail(&mut self, error: DeliveryError) -> Result<(), WrongState> {
        self.unsettled("failed")?;
        self.state = State::Failed { at: error.at };
        self.first_sent_at = None;
        self.last_error = Some(error);
        Ok(())
    }

    /// Only a person can find out whether it was sent.
    pub fn hold(&mut self, error: DeliveryError) -> Result<(), WrongState> {
        self.unsettled("held")?;
        self.state = State::Held { at: error.at };
        self.last_error = Some(error);
        Ok(())
    }

    /// This attempt certainly sent nothing: tries again after `at_least`, or gives up if that is too late or one
    /// attempt too many. While reconciling, an earlier attempt's call may have taken effect, so the intent stays.
    pub fn postpone(&mut self, error: DeliveryError, at_least: SignedDuration) -> Result<(), WrongState> {
        match &self.state {
            State::Sending { begun_by, .. } if *begun_by < self.attempt => return self.doubt(error, at_least),
            State::Claimed { .. } | State::Sending { .. } => {}
            _ => return Err(self.wrong("postponed")),
        }
        let not_before = after(error.at, backoff(self.id.as_bytes(), self.attempts()).max(at_least));
        if self.attempts() >= MAX_ATTEMPTS || not_before > self.latest() {
            return self.fail(error);
        }
        self.state = State::Scheduled { not_before };
        self.first_sent_at = None;
        self.last_error = Some(error);
        Ok(())
    }

    /// It is unknown whether it was sent: ends the lease, so that the sweep reconciles it, not before `at_least`. After
    /// too many reconciliations without an answer, it is held.
    pub fn doubt(&mut self, error: DeliveryError, at_least: SignedDuration) -> Result<(), WrongState> {
        let attempt = self.attempt;
        let State::Sending { begun_by, lease_until, .. } = &mut self.state else { return Err(self.wrong("in doubt")) };
        let asked = attempt.saturating_sub(*begun_by);
        if asked >= MAX_RECONCILIATIONS {
            return self.hold(error);
        }
        let wait = if asked == 0 { at_least } else { backoff(self.id.as_bytes(), asked).max(at_least) };
        *lease_until = after(error.at, wait);
        self.last_error = Some(error);
        Ok(())
    }

    /// Cancels it, as long as nothing may have been sent.
    pub fn cancel(&mut self, now: Timestamp) -> Result<(), WrongState> {
        let (State::Scheduled { .. } | State::Claimed { .. }) = self.state else {
            return Err(self.wrong("cancelled"));
        };
        self.state = State::Cancelled { at: now };
        self.expires_at = Some(after(now, KEPT_AFTER_CANCELLATION));
        Ok(())
    }

    /// Another delivery to the same channel replaces this unpublished one.
    pub fn replace(&mut self, now: Timestamp) -> Result<(), WrongState> {
        let (State::Failed { .. } | State::Held { .. }) = self.state else { return Err(self.wrong("replaced")) };
        self.expires_at = Some(after(now, KEPT_AFTER_CANCELLATION));
        Ok(())
    }

    /// The instant after which it is no longer sent.
    pub(crate) fn latest(&self) -> Timestamp {
        after(self.due_at(), MAX_LATENESS)
    }

    fn unsettled(&self, to: &'static str) -> Result<(), WrongState> {
        match self.state {
            State::Scheduled { .. } | State::Claimed { .. } | State::Sending { .. } => Ok(()),
            _ => Err(self.wrong(to)),
        }
    }

    pub(super) fn wrong(&self, to: &'static str) -> WrongState {
        WrongState { from: self.state.name(), to }
    }
}

impl State {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "scheduled",
            Self::Claimed { .. } => "claimed",
            Self::Sending { .. } => "sending",
            Self::Published { .. } => "published",
            Self::Failed { .. } => "failed",
            Self::Held { .. } => "held",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}
