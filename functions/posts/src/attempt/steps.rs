//! What an attempt may change, as functions of the stored values alone: `attempt` makes the calls around them, and the
//! model in `crate::tests::model` executes the same functions in every order.

use channels::Guarantee;
use channels::publishing::{Intent, Published, Staged};
use shared::kernel::time::{SignedDuration, Timestamp, after};

use crate::delivery::{AfterStaging, Confirmation, Delivery, State, WrongState};
use crate::post::Post;
use crate::verdict::{Stage, Verdict};

/// The delay after every preparation was overtaken by an edit.
const AFTER_A_LOST_RACE: SignedDuration = SignedDuration::from_secs(1);

/// The claim that an attempt works under: the number of its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim(pub u32);

/// What follows when the platform was asked about an intent and does not have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Send the same intent again.
    SendAgain,
    /// Leave it to the next claim: too little of the lease is left to send.
    Leave,
    /// A person must check.
    Hold,
}

impl Missing {
    pub fn of(delivery: &Delivery, guarantee: Guarantee, now: Timestamp) -> Self {
        match guarantee {
            Guarantee::AtMostOnceAndHold => Self::Hold,
            // The claim began after the platform had settled: what it does not have now never arrives.
            _ if delivery.may_send(now) => Self::SendAgain,
            _ => Self::Leave,
        }
    }
}

impl Claim {
    /// Whether this attempt still holds the claim, with nothing sent.
    fn holds(self, delivery: &Delivery) -> bool {
        delivery.attempt() == self.0 && matches!(delivery.state(), State::Claimed { .. })
    }

    /// Records the intent, provided that the post still has the prepared content, this claim still holds, and enough of
    /// its lease is left to send.
    pub fn record(
        self,
        delivery: &mut Delivery,
        (post, prepared): (&Post, &Post),
        intent: &Intent,
        now: Timestamp,
    ) -> Result<bool, WrongState> {
        if !self.holds(delivery) || !post.has_content_of(prepared) || !delivery.may_send(now) {
            return Ok(false);
        }
        delivery.begin(intent.clone(), now).map(|()| true)
    }

    /// Records a step of a preparation. None if this claim no longer holds.
    pub fn stage(
        self,
        delivery: &mut Delivery,
        content: &str,
        (staged, wait_s): (&Staged, u32),
        now: Timestamp,
    ) -> Result<Option<AfterStaging>, WrongState> {
        if !self.holds(delivery) {
            return Ok(None);
        }
        delivery.stage(content.to_owned(), staged.clone(), wait_s, now).map(Some)
    }

    /// Records that this attempt sends the intent again, which the platform does not have.
    pub fn send_again(self, delivery: &mut Delivery, now: Timestamp) -> Result<bool, WrongState> {
        let is_ours = delivery.attempt() == self.0 && matches!(delivery.state(), State::Sending { .. });
        if is_ours { delivery.send_again(now) } else { Ok(false) }
    }

    /// Whether an attempt that was overtaken by an edit may prepare the post again.
    pub fn may_prepare_again(self, delivery: &Delivery, now: Timestamp, again_until: Timestamp) -> bool {
        self.holds(delivery) && now <= again_until && delivery.may_send(now)
    }

    /// Renews the claim for one second later, because edits came first and the lease ends only in minutes. Returns when
    /// the next message must arrive. None if the post was cancelled or another attempt took over, and if this was the
    /// last attempt or it is too late for another: the sweep decides.
    pub fn claim_again(self, delivery: &mut Delivery, now: Timestamp) -> Result<Option<Timestamp>, WrongState> {
        let not_before = after(now, AFTER_A_LOST_RACE);
        let claimed = self.holds(delivery) && delivery.claim_again(not_before)?;
        Ok(claimed.then_some(not_before))
    }

    /// Applies a verdict, unless a later claim has taken over or the delivery is no longer at this stage. The second
    /// matters if a message is handled twice at the same time: what one run finds out while it prepares says nothing
    /// about the intent that the other has recorded.
    pub fn conclude(self, delivery: &mut Delivery, stage: Stage, verdict: &Verdict) -> Result<bool, WrongState> {
        let is_at = match stage {
            Stage::Preparing => matches!(delivery.state(), State::Claimed { .. }),
            Stage::Sending | Stage::Reconciling => matches!(delivery.state(), State::Sending { .. }),
        };
        if delivery.attempt() != self.0 || !is_at {
            return Ok(false);
        }
        verdict.apply(delivery).map(|()| true)
    }
}

/// Records the publication of an intent under any claim: it is a fact, no matter which attempt found it.
pub fn record_publication(
    delivery: &mut Delivery,
    (published, by): (&Published, Confirmation),
    intent: &Intent,
    now: Timestamp,
) -> Result<bool, WrongState> {
    match delivery.state() {
        State::Sending { intent: sent, .. } if sent == intent => {
            delivery.publish(published.clone(), by, now).map(|()| true)
        }
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use channels::publishing::PublishError;

    use super::*;
    use crate::delivery::tests::{claimed, error, sending};

    fn refused(stage: Stage) -> Verdict {
        let (code, text, remedy) = (String::new(), String::new(), String::new());
        Verdict::of(PublishError::Refused { code, text, remedy }, stage, Timestamp::UNIX_EPOCH)
    }

    /// Two runs of one message, one of which had recorded the intent.
    #[test]
    fn a_failed_preparation_does_not_end_a_delivery_whose_intent_another_run_recorded() {
        let mut delivery = sending();
        assert_eq!(Claim(1).conclude(&mut delivery, Stage::Preparing, &refused(Stage::Preparing)), Ok(false));
        assert_eq!(delivery, sending());
        assert_eq!(Claim(1).conclude(&mut claimed(), Stage::Preparing, &refused(Stage::Preparing)), Ok(true));
    }

    /// The second run took a step that the state does not allow.
    #[test]
    fn a_delivery_that_another_run_postponed_stays_postponed() {
        let mut delivery = claimed();
        delivery.postpone(error(Timestamp::UNIX_EPOCH), SignedDuration::ZERO).unwrap();
        let before = delivery.clone();
        let at = Timestamp::UNIX_EPOCH;
        let unknown = PublishError::Unknown { code: String::new(), text: String::new() };
        let postpone = Verdict::of(unknown, Stage::Preparing, at);
        for verdict in [postpone, refused(Stage::Preparing)] {
            assert_eq!(Claim(1).conclude(&mut delivery, Stage::Preparing, &verdict), Ok(false));
            assert_eq!(delivery, before);
        }
    }

    #[test]
    fn a_verdict_of_an_earlier_claim_changes_nothing() {
        let mut delivery = sending();
        assert_eq!(Claim(0).conclude(&mut delivery, Stage::Sending, &refused(Stage::Sending)), Ok(false));
        assert_eq!(delivery, sending());
        assert_eq!(Claim(1).conclude(&mut delivery, Stage::Sending, &refused(Stage::Sending)), Ok(true));
    }
}
