//! The functions: `sweep-due-posts` and `publish_on`, one action for each commit and each call of the platform.
//!
//! They call the product's own transitions, in the order of `publish_on`, `jobs::sweep_due_posts` and
//! `attempt`.

use channels::Guarantee;
use shared::config::Sending;
use shared::kernel::time::{Timestamp, after};

use super::platform::{Answer, Fate, Flight, intent, published, staged};
use super::world::{At, Row, Run, Sent, Sweep, World, outcome, seconds, text_of};
use crate::attempt::steps::{Claim, Missing, record_publication};
use crate::attempt::{MAX_PREPARATIONS, PREPARED_AGAIN_WITHIN};
use crate::delivery::{AfterStaging, Confirmation, Cure, Delivery, DeliveryError, Work};
use crate::lease::{FUNCTION_TIMEOUT_S, SEND_BUDGET};
use crate::post::Post;
use crate::verdict::{Stage, Verdict};

/// What a run does in one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Prepare(Answer),
    Ask(Answer),
    Send(Fate),
    /// The connection of a late call breaks.
    Hear,
    /// The run's next commit.
    Commit,
}

/// The longest run of the sweep.
const SWEEP_TIMEOUT_S: i64 = 120;

impl World {
    /// The sweep reads a delivery that is due and decides. False if there is nothing to commit.
    pub fn sweep_reads(&mut self, index: usize) -> bool {
        let Some(before) = self.delivery(index).cloned() else { return false };
        let mut after_it = (*before).clone();
        let Ok(swept) = after_it.sweep(self.now, Sending::On) else {
            self.break_rule("the sweep took a step that the delivery's state does not allow");
            return true;
        };
        let Some(not_before) = outcome(swept) else { return false };
        let ends_at = after(self.now, seconds(SWEEP_TIMEOUT_S));
        self.sweep = Some(Sweep { delivery: index, before, after: Row::new(after_it), not_before, ends_at });
        true
    }

    /// The sweep commits, unless another commit came first.
    pub fn sweep_commits(&mut self) {
        let Some(Sweep { delivery: index, before, after, not_before, .. }) = self.sweep.take() else { return };
        if self.delivery(index) != Some(&before) {
            return;
        }
        match (not_before, self.post.clone()) {
            (Some(not_before), _) => {
                self.store(index, (*after).clone());
                self.send(index, not_before);
            }
            (None, Some(post)) => self.settle(index, (*after).clone(), &mut (*post).clone()),
            (None, None) => {}
        }
    }

    /// A function receives a message, reads the delivery, renews its lease if the message is late, and finds its work.
    pub fn receive(&mut self, index: usize, attempt: u32) {
        let Some(stored) = self.delivery(index).cloned() else { return };
        let mut delivery = (*stored).clone();
        if delivery.renew(attempt, self.now, Sending::On) {
            self.store(index, delivery.clone());
        }
        let at = match delivery.work(attempt, self.now, Sending::On) {
            Work::Publish => {
                let again_until = after(self.now, PREPARED_AGAIN_WITHIN);
                At::Prepare { again_until, left: MAX_PREPARATIONS, read: Row::new(delivery) }
            }
            Work::Reconcile(intent) => {
                let text = text_of(&intent).to_owned();
                At::Ask { read: Row::new(delivery), text }
            }
            Work::Nothing(_) => return,
        };
        let ends_at = after(self.now, seconds(FUNCTION_TIMEOUT_S.into()));
        self.runs.push(Run { delivery: index, claim: Claim(attempt), ends_at, at });
    }

    /// A run takes its next step, and ends if nothing follows.
    pub fn advance(&mut self, run: usize, step: Step, guarantee: Guarantee) {
        let Run { delivery, claim, ends_at, at } = self.runs.remove(run);
        let mut run = Run { delivery, claim, ends_at, at: At::ClaimAgain };
        let next = match (at, step) {
            (At::Prepare { again_until, left, read }, Step::Prepare(answer)) => {
                self.prepare(&read, again_until, left, answer)
            }
            (At::Stage { again_until, left, prepared, text, wait_s }, _) => {
                self.stage(&run, (again_until, left), prepared, text, wait_s)
            }
            (At::Record { again_until, left, prepared, text }, _) => {
                self.record(&run, again_until, left, &prepared, text)
            }
            (At::ClaimAgain, _) => self.claim_again(&run),
            (At::Ask { read, text }, Step::Ask(answer)) => self.ask(&read, text, answer, guarantee),
            (At::Send { text, stage }, Step::Send(fate)) => Some(self.make_call(&run, text, stage, fate, guarantee)),
            (At::Hear { stage, .. }, _) => {
                self.close_connection(&run);
                Some(At::Conclude { answer: Answer::Unknown, stage, at: self.now })
            }
            (At::Conclude { answer, stage, at }, _) => self.conclude(&run, answer, stage, at),
            (At::SendAgain { text }, _) => self.send_again(&run, text, guarantee),
            (At::Hold { at }, _) => {
                let (code, text) = ("outcome_unknown".to_owned(), String::new());
                let verdict = Verdict::Hold(DeliveryError { code, text, cure: Cure::Time, at });
                let stage = Stage::Reconciling;
                self.take_step(run.delivery, |delivery, _| run.claim.conclude(delivery, stage, &verdict));
                None
            }
            (At::Publish { text }, _) => {
                let now = self.now;
                self.take_step(run.delivery, |delivery, _| {
                    record_publication(delivery, (&published(&text), Confirmation::Answer), &intent(&text), now)
                });
                None
            }
            (at, step) => unreachable!("{step:?} in {at:?}"),
        };
        if let Some(at) = next {
            run.at = at;
            self.runs.push(run);
        }
    }

    /// Prepares the text of the post, or takes the next step with the text that the platform has.
    fn prepare(&mut self, read: &Delivery, again_until: Timestamp, left: usize, answer: Answer) -> Option<At> {
        let prepared = self.post.clone()?;
        let staged = read.staged_for(&prepared.content_digest()).and_then(|staged| staged.state.as_str());
        let text = staged.unwrap_or(prepared.text.as_str()).to_owned();
        Some(match answer {
            Answer::Accepted => At::Record { again_until, left, prepared, text },
            Answer::Staged { wait_s } => At::Stage { again_until, left, prepared, text, wait_s },
            Answer::Processing => At::Stage { again_until, left, prepared, text, wait_s: 60 },
            answer => At::Conclude { answer, stage: Stage::Preparing, at: self.now },
        })
    }

    /// The platform is ready after this step.
    fn stage(
        &mut self,
        run: &Run,
        (again_until, left): (Timestamp, usize),
        prepared: Row<Post>,
        text: String,
        wait_s: u32,
    ) -> Option<At> {
        let mut delivery = (**self.delivery(run.delivery)?).clone();
        match run.claim.stage(&mut delivery, &prepared.content_digest(), (&staged(&text), wait_s), self.now) {
            Ok(Some(AfterStaging::GoOn)) => {
                self.store(run.delivery, delivery);
                Some(At::Record { again_until, left, prepared, text })
            }
            Ok(Some(AfterStaging::Wait { not_before })) => {
                self.store(run.delivery, delivery);
                self.send(run.delivery, not_before);
                None
            }
            Ok(Some(AfterStaging::TooLong)) => {
                Some(At::Conclude { answer: Answer::Unstaged, stage: Stage::Preparing, at: self.now })
            }
            Ok(None) => None,
            Err(_) => {
                self.break_rule("a run staged a post in a state that does not allow it");
                None
            }
        }
    }

    fn record(
        &mut self,
        run: &Run,
        again_until: Timestamp,
        left: usize,
        prepared: &Row<Post>,
        text: String,
    ) -> Option<At> {
        let now = self.now;
        let recorded = self.take_step(run.delivery, |delivery, post| {
            run.claim.record(delivery, (post, prepared), &intent(&text), now)
        });
        if recorded {
            return Some(At::Send { text, stage: Stage::Sending });
        }
        let again = |read: &&Row<Delivery>| left > 1 && run.claim.may_prepare_again(read, now, again_until);
        Some(match self.delivery(run.delivery).filter(again) {
            Some(read) => At::Prepare { again_until, left: left - 1, read: read.clone() },
            None => At::ClaimAgain,
        })
    }

    fn claim_again(&mut self, run: &Run) -> Option<At> {
        let mut delivery = (**self.delivery(run.delivery)?).clone();
        match run.claim.claim_again(&mut delivery, self.now) {
            Ok(Some(not_before)) => {
                self.store(run.delivery, delivery);
                self.send(run.delivery, not_before);
            }
            Ok(None) => {}
            Err(_) => self.break_rule("a run claimed again in a state that does not allow it"),
        }
        None
    }

    fn ask(&mut self, read: &Delivery, text: String, answer: Answer, guarantee: Guarantee) -> Option<At> {
        let stage = Stage::Reconciling;
        let refused = |answer, at| Some(At::Conclude { answer, stage, at });
        if answer != Answer::Accepted {
            return refused(answer, self.now);
        }
        match self.ledger.find(&text) {
            Ok(Some(found)) => Some(At::Publish { text: found.id }),
            Err(answer) => refused(answer, self.now),
            Ok(None) => match Missing::of(read, guarantee, self.now) {
                Missing::SendAgain => Some(At::SendAgain { text }),
                Missing::Leave => None,
                Missing::Hold => Some(At::Hold { at: self.now }),
            },
        }
    }

    fn send_again(&mut self, run: &Run, text: String, guarantee: Guarantee) -> Option<At> {
        let mut delivery = (**self.delivery(run.delivery)?).clone();
        match run.claim.send_again(&mut delivery, self.now) {
            Ok(true) => {
                // A platform that recognises no repeat must have settled: no call may follow the finding.
                let unsent = self.runs.iter().any(|other| {
                    other.delivery == run.delivery && matches!(other.at, At::Send { .. } | At::Hear { .. })
                });
                if !guarantee.recognises_repeats() && (unsent || self.ledger.awaits(run.delivery)) {
                    self.break_rule("an intent was sent again while the call might still take effect");
                }
                self.store(run.delivery, delivery);
                Some(At::Send { text, stage: Stage::Reconciling })
            }
            Ok(false) => None,
            Err(_) => {
                self.break_rule("a run sent an intent again in a state that does not allow it");
                None
            }
        }
    }

    fn make_call(&mut self, run: &Run, text: String, stage: Stage, fate: Fate, guarantee: Guarantee) -> At {
        let at = self.now;
        match fate {
            Fate::Answered => match self.ledger.accept(guarantee, run.delivery, &text) {
                Answer::Accepted => At::Publish { text },
                answer => At::Conclude { answer, stage, at },
            },
            Fate::AnswerLost => {
                self.ledger.accept(guarantee, run.delivery, &text);
                At::Conclude { answer: Answer::Unknown, stage, at }
            }
            Fate::Lost => At::Conclude { answer: Answer::Unknown, stage, at },
            Fate::Late => {
                let flight = Flight { delivery: run.delivery, attempt: run.claim.0, text: text.clone(), ends_by: None };
                self.ledger.flights.push(flight);
                At::Hear { text, stage, until: after(self.now, SEND_BUDGET).min(run.ends_at) }
            }
            Fate::Negative(answer) => {
                // The first call of an intent was the only one, and certainly did nothing.
                if stage == Stage::Sending && answer != Answer::Internal {
                    self.ledger.may_exist[run.delivery] = false;
                }
                At::Conclude { answer, stage, at }
            }
        }
    }

    /// A connection breaks: its call can take effect until the settle time is over.
    pub fn close_connection(&mut self, run: &Run) {
        let Some(settle_s) = self.delivery(run.delivery).map(|delivery| delivery.platform.settle_time_s()) else {
            return;
        };
        let ends_by = after(self.now, seconds(i64::from(settle_s) - 1));
        let mut flights = self.ledger.flights.iter_mut();
        if let Some(flight) = flights
            .find(|flight| flight.ends_by.is_none() && (flight.delivery, flight.attempt) == (run.delivery, run.claim.0))
        {
            flight.ends_by = Some(ends_by);
        }
    }

    fn conclude(&mut self, run: &Run, answer: Answer, stage: Stage, at: Timestamp) -> Option<At> {
        let verdict = Verdict::of(answer.error()?, stage, at);
        if let Verdict::Retry(_) = verdict {
            // The queue delivers the message again, after its own timeout.
            self.return_message(run);
            return None;
        }
        self.take_step(run.delivery, |delivery, _| run.claim.conclude(delivery, stage, &verdict));
        None
    }

    /// The function dies. Its message is delivered again, or was delivered too often.
    pub fn die(&mut self, run: usize) {
        let run = self.runs.remove(run);
        if let At::Hear { .. } = run.at {
            self.close_connection(&run);
        }
        self.return_message(&run);
    }

    fn return_message(&mut self, run: &Run) {
        let not_before = self.now;
        let message = Sent { delivery: run.delivery, attempt: run.claim.0, not_before, certain: false };
        self.messages.push(message);
    }
}
