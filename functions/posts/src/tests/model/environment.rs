//! The environment: the clock, and everything that may go wrong.

use channels::Guarantee;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::table::Entity;
use shared::work::OUTBOX_DELAY_S;

use super::functions::Step;
use super::people::{ACTS, Act};
use super::platform::{Answer, Fate, NEGATIVE};
use super::world::{At, Sent, World, is_final, seconds};
use crate::delivery::State;
use crate::lease::{FUNCTION_TIMEOUT_S, HORIZON, LEASE, SEND_BUDGET};

/// How long a due delivery waits for the sweep, which runs every minute.
const SWEPT_WITHIN_S: i64 = 60;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// The clock moves to the next instant at which anything is decided differently.
    Tick,
    SweepReads(usize),
    SweepCommits,
    /// The sweep dies between its read and its commit.
    SweepDies,
    Deliver(usize),
    /// A message is delivered, and delivered again later.
    DeliverTwice(usize),
    /// A message is lost, or arrives arbitrarily late.
    Delay(usize),
    Run(usize, Step),
    /// A function dies before its next step, or Lambda ends it at its timeout.
    Crash(usize),
    /// A function is frozen, and outlives its timeout and its lease.
    Freeze(usize),
    /// A late call takes effect.
    Land(usize),
    Act(Act),
}

impl Action {
    pub fn is_fault(&self) -> bool {
        match self {
            Self::SweepDies | Self::DeliverTwice(_) | Self::Delay(_) | Self::Crash(_) | Self::Freeze(_) => true,
            Self::Run(_, step) => match step {
                Step::Prepare(answer) | Step::Ask(answer) => {
                    !matches!(answer, Answer::Accepted | Answer::Staged { .. })
                }
                Step::Send(fate) => *fate != Fate::Answered,
                Step::Hear | Step::Commit => false,
            },
            Self::Tick | Self::SweepReads(_) | Self::SweepCommits | Self::Deliver(_) | Self::Land(_) | Self::Act(_) => {
                false
            }
        }
    }
}

impl World {
    pub fn list_actions(&self, actions: &mut Vec<Action>) {
        actions.push(Action::Tick);
        match self.sweep {
            Some(_) => actions.extend([Action::SweepCommits, Action::SweepDies]),
            None => actions.extend((0..self.deliveries.len()).map(Action::SweepReads)),
        }
        for (index, message) in self.messages.iter().enumerate() {
            if message.not_before <= self.now {
                actions.push(Action::Deliver(index));
            }
            if message.certain {
                actions.push(Action::Delay(index));
                if message.not_before <= self.now {
                    actions.push(Action::DeliverTwice(index));
                }
            }
        }
        for (index, run) in self.runs.iter().enumerate() {
            actions.extend(steps(&run.at).into_iter().map(|step| Action::Run(index, step)));
            actions.extend([Action::Crash(index), Action::Freeze(index)]);
        }
        let lands = |(index, _)| Action::Land(index);
        actions.extend(self.ledger.flights.iter().enumerate().map(lands));
        if self.acts > 0 {
            actions.extend(ACTS.map(Action::Act));
        }
    }

    /// The world after an action. None if nothing changes.
    pub fn after(&self, action: &Action, guarantee: Guarantee) -> Option<Self> {
        let mut world = self.clone();
        if action.is_fault() {
            world.faults = world.faults.checked_sub(1)?;
        }
        match *action {
            Action::Tick => world.now = self.next_tick()?,
            Action::SweepReads(index) => return world.sweep_reads(index).then_some(world),
            Action::SweepCommits => world.sweep_commits(),
            Action::SweepDies => world.sweep = None,
            Action::Deliver(index) | Action::DeliverTwice(index) => {
                let Sent { delivery, attempt, certain, .. } = world.messages.remove(index);
                world.receive(delivery, attempt);
                if matches!(action, Action::DeliverTwice(_)) {
                    world.messages.push(Sent { delivery, attempt, not_before: self.now, certain: false });
                }
                // A message that does nothing may as well be lost.
                if !certain && world.runs.len() == self.runs.len() && world.deliveries == self.deliveries {
                    return None;
                }
            }
            Action::Delay(index) => world.messages[index].certain = false,
            Action::Run(index, step) => world.advance(index, step, guarantee),
            Action::Crash(index) => world.die(index),
            Action::Freeze(index) => {
                let ends_at = &mut world.runs[index].ends_at;
                *ends_at = after(*ends_at, LEASE);
            }
            Action::Land(index) => {
                let flight = world.ledger.flights.remove(index);
                world.ledger.accept(guarantee, flight.delivery, &flight.text);
            }
            Action::Act(act) => {
                world.acts = world.acts.checked_sub(1)?;
                return world.act(act, guarantee).then_some(world);
            }
        }
        for sent in world.messages.iter_mut().filter(|sent| !sent.certain && sent.not_before <= self.now) {
            sent.not_before = Timestamp::UNIX_EPOCH;
        }
        world.messages.sort_by_key(|sent| (sent.delivery, sent.attempt, sent.not_before, sent.certain));
        world.messages.dedup();
        Some(world)
    }

    /// The next instant at which a function decides differently, or at which something must have happened. None if the
    /// environment may not wait any longer.
    fn next_tick(&self) -> Option<Timestamp> {
        if self.has_ended() {
            return None;
        }
        let (mut must, mut may) = (Vec::new(), Vec::new());
        for message in self.messages.iter().filter(|message| message.certain) {
            may.push(message.not_before);
            must.push(after(message.not_before, seconds(OUTBOX_DELAY_S.into())));
        }
        for run in &self.runs {
            must.push(run.ends_at);
            match run.at {
                At::Hear { until, .. } => must.push(until),
                At::Stage { again_until, .. } | At::Record { again_until, .. } => {
                    may.extend([again_until, after(again_until, seconds(1))])
                }
                _ => {}
            }
        }
        must.extend(self.ledger.flights.iter().filter_map(|flight| flight.ends_by));
        must.extend(self.sweep.iter().map(|sweep| sweep.ends_at));
        for (index, delivery) in self.deliveries.iter().enumerate() {
            let Some(delivery) = delivery.as_ref().filter(|delivery| !is_final(delivery)) else { continue };
            let Some(due) = delivery.due().map(|due| due.at) else { continue };
            may.push(due);
            if self.sweep.as_ref().is_none_or(|sweep| sweep.delivery != index) {
                must.push(after(due, seconds(SWEPT_WITHIN_S)));
            }
            // The last instants at which a message, and a send, still have enough of the lease.
            let mut lasts = |enough: SignedDuration| may.extend([after(due, -enough), after(due, seconds(1) - enough)]);
            if self.messages.iter().any(|sent| (sent.delivery, sent.attempt) == (index, delivery.attempt())) {
                lasts(seconds(FUNCTION_TIMEOUT_S.into()));
            }
            if self.runs.iter().any(|run| run.delivery == index) {
                lasts(SEND_BUDGET);
            }
            match delivery.state {
                State::Scheduled { .. } => may.push(after(due, -HORIZON)),
                State::Claimed { .. } => may.push(after(delivery.latest(), seconds(1))),
                _ => {}
            }
        }
        if must.iter().any(|at| *at <= self.now) {
            return None;
        }
        must.into_iter().chain(may).filter(|at| *at > self.now).min()
    }

    /// Whether something happens without another fault, or nothing has to.
    pub fn goes_on(&self, guarantee: Guarantee) -> bool {
        let comes = |sent: &Sent| sent.certain && sent.not_before <= self.now;
        self.has_ended()
            || !self.runs.is_empty()
            || !self.ledger.flights.is_empty()
            || self.sweep.is_some()
            || self.messages.iter().any(comes)
            || self.next_tick().is_some()
            || (0..self.deliveries.len()).any(|index| self.after(&Action::SweepReads(index), guarantee).is_some())
    }
}

/// What a run may meet in its next step.
fn steps(at: &At) -> Vec<Step> {
    match at {
        At::Prepare { .. } => {
            let staged = [0, 60].map(|wait_s| Answer::Staged { wait_s });
            let known =
                [Answer::Accepted, Answer::Processing, Answer::Unstaged, Answer::Unknown].into_iter().chain(staged);
            known.chain(NEGATIVE).map(Step::Prepare).collect()
        }
        At::Ask { .. } => [Answer::Accepted, Answer::NotNow, Answer::Internal].map(Step::Ask).into(),
        At::Send { .. } => [Fate::Answered, Fate::AnswerLost, Fate::Late, Fate::Lost]
            .into_iter()
            .chain(NEGATIVE.map(Fate::Negative))
            .map(Step::Send)
            .collect(),
        At::Hear { .. } => vec![Step::Hear],
        At::Stage { .. }
        | At::Record { .. }
        | At::ClaimAgain
        | At::Conclude { .. }
        | At::Hold { .. }
        | At::SendAgain { .. }
        | At::Publish { .. } => {
            vec![Step::Commit]
        }
    }
}
