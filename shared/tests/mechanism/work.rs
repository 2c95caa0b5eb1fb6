//! Long work in steps, shown on a job that copies notes: whatever breaks, each note is copied once or not at all.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt::Display;

use futures::future::join_all;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::aws::wire::Fault;
use shared::config::Sending;
use shared::function::Function;
use shared::jobs::{Declaration, Job, JobError, Trigger};
use shared::kernel::problems::Problem;
use shared::table::Entity;
use shared::tenancy::{Audited, Changes, Page, Platform, Reason, Tenant};
use shared::testing::{Ended, Person, Posted, TestApp};
use shared::work::{self, LEASE, Next, ROOM, Run, RunId, RunState, RunView, Step, StepDue, Stepped, Work};

use super::notes::{Note, NoteId};

/// Copies every note of a workspace, so many in a step. The cursor lies in the state.
#[derive(Clone, Serialize, Deserialize)]
struct CopyNotes {
    batch: u32,
    behind: Option<String>,
    copied: u64,
    total: u64,
    trouble: Trouble,
}

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Trouble {
    Nothing,
    /// The third step gives up.
    GivesUp,
    /// The third step fails each time.
    FailsAlways,
    /// The third step gives up, and nothing can be undone.
    CannotUndo,
    /// Each step waits an hour for the next one.
    Waits,
}

#[derive(Serialize, Deserialize)]
struct NoteCopy {
    id: NoteId,
}

impl Entity for NoteCopy {
    const KIND: &'static str = "NOTE_COPY";
    type Key = NoteId;

    fn key(&self) -> impl Borrow<NoteId> {
        self.id
    }
}

impl Work for CopyNotes {
    const NAME: &'static str = "copy-notes";
    type Undo = Vec<NoteId>;

    async fn step(&mut self, step: &Step<'_>) -> Result<Stepped<Self>, JobError> {
        let third = self.copied >= 2 * u64::from(self.batch);
        match self.trouble {
            Trouble::GivesUp | Trouble::CannotUndo if third => {
                return Err(JobError::GiveUp(Problem::new(422, "note_too_long", "A note is too long.")));
            }
            Trouble::FailsAlways if third => {
                let busy = Problem::new(503, "busy", "Not now.");
                return Err(JobError::retry_after(busy, SignedDuration::from_secs(2000)));
            }
            _ => {}
        }
        step.check().await?;
        let (notes, behind) = step.walk::<Note>("", self.behind.as_deref(), self.batch).await?;
        let copies: Vec<_> = notes.iter().map(|note| NoteCopy { id: note.id }).collect();
        self.copied += notes.len() as u64;
        let (done, next) = (behind.is_none(), behind);
        self.behind = next;
        let next = match self.trouble {
            _ if done => Next::Done,
            Trouble::Waits => Next::After(SignedDuration::from_hours(1)),
            _ => Next::Again,
        };
        let changes = Changes::default().each(&copies, Changes::insert).audit("notes.copied", step.run());
        let made = copies.iter().map(|copy| copy.id).collect();
        Ok(next.with(changes).undo_by(made).progress(self.copied, self.total))
    }

    async fn undo(&mut self, made: Vec<NoteId>, step: &Step<'_>) -> Result<Audited, JobError> {
        if self.trouble == Trouble::CannotUndo {
            return Err(JobError::GiveUp(Problem::new(409, "copy_in_use", "A copy is in use.")));
        }
        let found = step.find_all::<NoteCopy>(&made).await?;
        let changes = Changes::default().each(found.iter().flatten(), Changes::delete);
        Ok(changes.audit("copies.removed", step.run()).detail(&made))
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Copying(StepDue<CopyNotes>);

static COPY: Function = Function::job::<Copying>();

impl Job for Copying {
    const JOB: Declaration = Declaration::new("copy-notes", Trigger::message::<StepDue<CopyNotes>>());
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems];
    type Access = Tenant;

    async fn run(self, tenant: &Tenant) -> Result<(), JobError> {
        self.0.carry_out(tenant).await
    }
}

#[derive(Deserialize)]
struct SweepWork {}

static SWEEP: Function = Function::job::<SweepWork>();

struct LostSteps;

impl Reason for LostSteps {
    const WHY: &'static str = "what was lost comes up again in every workspace";
}

impl Job for SweepWork {
    const JOB: Declaration = Declaration::new("sweep-work", Trigger::Schedule("rate(1 minute)"));
    const GRANTS: &'static [Grant] = &[Grant::ReadDue, Grant::ReadItems, Grant::WriteItems];
    type Access = Platform<LostSteps>;

    async fn run(self, platform: &Platform<LostSteps>) -> Result<(), JobError> {
        work::sweep(platform).await
    }
}

struct Place {
    app: TestApp,
    owner: Person,
    notes: BTreeSet<NoteId>,
    run: RunId,
}

impl Place {
    /// A workspace with so many notes, and a run that copies them.
    async fn new(notes: usize, batch: u32, trouble: Trouble) -> Self {
        let app = TestApp::alone().await.unwrap();
        let owner = app.owner().await.unwrap();
        let mut ids = BTreeSet::new();
        for _ in 0..notes.div_ceil(90) {
            let new = || Note { id: app.new_id(), text: "a".to_owned(), told: 0, secret: None };
            let some: Vec<_> = (0..90.min(notes - ids.len())).map(|_| new()).collect();
            ids.extend(some.iter().map(|note| note.id));
            let changes = Changes::default().each(&some, Changes::insert).unaudited("a fixture");
            app.scope(owner.workspace).commit(changes).await.unwrap();
        }
        let mut place = Self { app, owner, notes: ids, run: "run_01890a5d000070008000000000000001".parse().unwrap() };
        place.run = place.start(batch, trouble, None).await.unwrap();
        place
    }

    async fn start(&self, batch: u32, trouble: Trouble, key: Option<&str>) -> Result<RunId, Problem> {
        let scope = self.scope();
        let total = self.notes.len() as u64;
        let work = CopyNotes { batch, behind: None, copied: 0, total, trouble };
        let run = Run::new(&scope, &work, key.as_ref().map(|key| key as &dyn Display))?;
        scope.commit(Changes::default().audit("copy.started", run.id).start(&run)).await.map(|()| run.id)
    }

    async fn cancel(&self) -> Result<RunView, Problem> {
        work::cancel(&self.scope(), self.run, |changes| changes.audit("copy.cancelled", self.run)).await
    }

    fn scope(&self) -> Tenant {
        self.app.scope(self.owner.workspace)
    }

    async fn view(&self) -> RunView {
        self.scope().get::<Run>(&self.run).await.unwrap().view()
    }

    async fn state(&self) -> RunState {
        self.view().await.state
    }

    async fn copies(&self) -> BTreeSet<NoteId> {
        let (mut found, mut behind) = (BTreeSet::new(), None);
        loop {
            let (copies, next) = self.scope().walk::<NoteCopy>("", behind.as_deref(), 100).await.unwrap();
            found.extend(copies.iter().map(|copy| copy.id));
            match next {
                Some(next) => behind = Some(next),
                None => return found,
            }
        }
    }

    async fn entries(&self, action: &str) -> Vec<serde_json::Value> {
        let page = Page { limit: 100, cursor: None, newest_first: false };
        let entries = self.scope().audit_entries(&page).await.unwrap().items;
        let found = entries.into_iter().filter(|entry| entry.action == action);
        found.map(|entry| entry.target.detail.unwrap_or_default()).collect()
    }

    /// Every message of the run so far, the oldest first.
    async fn messages(&self) -> Vec<Posted> {
        let mut messages = self.app.outbox::<StepDue<CopyNotes>>(&self.owner.outbox()).await.unwrap();
        messages.retain(|message| message.envelope.payload["run"] == self.run.to_string());
        messages.sort_by_key(|message| message.envelope.payload["claim"].as_u64());
        messages
    }

    async fn newest(&self) -> Posted {
        self.messages().await.pop().unwrap()
    }

    /// A copy that the history of runs does not know, so that it is the work that must not do it twice.
    fn again(&self, message: &Posted) -> Posted {
        let mut again = message.clone();
        again.envelope.id = self.app.new_id::<Note>().to_string();
        again
    }

    async fn deliver(&self, message: &Posted) {
        self.app.deliver(&COPY, std::slice::from_ref(message)).await.unwrap();
    }

    fn wait(&self, duration: SignedDuration) {
        self.app.advance(duration + SignedDuration::from_millis(1));
    }

    async fn sweep(&self) {
        self.app.tick(&SWEEP).await.unwrap();
        self.wait(SignedDuration::ZERO);
    }

    /// Delivers the newest message, when it is due, until the run has ended.
    async fn finish(&self) {
        for _ in 0..100 {
            if [RunState::Done, RunState::Failed, RunState::Cancelled].contains(&self.state().await) {
                return;
            }
            let newest = self.newest().await;
            let early = newest.envelope.not_before.map(|at| at.duration_since(self.app.now())).unwrap_or_default();
            self.wait(early.max(SignedDuration::ZERO));
            // One that was handled already, or is being handled, does nothing: then the sweep takes the run up.
            let _comes_back = self.app.deliver(&COPY, &[newest]).await;
            self.sweep().await;
            self.wait(SignedDuration::from_secs(60));
        }
        panic!("it never ends: {:?}", self.view().await);
    }

    fn granted(&self) {
        for function in [&COPY, &SWEEP] {
            assert_eq!(self.app.wire(function).refused(), Vec::<String>::new());
        }
    }
}

#[tokio::test]
async fn more_writes_than_a_transaction_takes_are_done_in_steps_with_a_stored_cursor() {
    let at = Place::new(205, ROOM, Trouble::Nothing).await;
    assert_eq!((at.view().await.done, at.view().await.total, at.state().await), (0, None, RunState::Running));
    at.deliver(&at.newest().await).await;
    assert_eq!((at.view().await.done, at.view().await.total), (90, Some(205)));
    at.deliver(&at.newest().await).await;
    at.deliver(&at.newest().await).await;
    let view = at.view().await;
    assert_eq!((view.state, view.done, view.trouble), (RunState::Done, 205, None));
    assert!(view.ended_at.is_some());
    assert_eq!(at.copies().await, at.notes);
    assert_eq!((at.messages().await.len(), at.entries("notes.copied").await.len()), (3, 3));
    at.granted();
}

#[tokio::test]
async fn a_crash_or_lost_answer_at_any_call_of_each_step_leaves_every_step_committed_once() {
    type Breaks = fn(usize) -> Fault;
    let faults: [Breaks; 3] = [Fault::CrashBefore, Fault::CrashAfter, Fault::LoseAnswer];
    for breaks in faults {
        for k in 1.. {
            let at = Place::new(5, 2, Trouble::Nothing).await;
            let mut fired = 0;
            for _ in 0..3 {
                at.app.wire(&COPY).arm(breaks(k));
                let newest = [at.newest().await];
                let crashed = matches!(at.app.deliver_until_crash(&COPY, &newest).await, Err(Ended::Crashed));
                let reached = at.app.wire(&COPY).take().len() >= k;
                at.app.wire(&COPY).disarm();
                fired += usize::from(crashed || reached);
                if crashed {
                    // The message comes back, and the sweep comes by, when the lease of the run and of the work ended.
                    at.wait(LEASE);
                    at.deliver(&newest[0]).await;
                    at.sweep().await;
                }
            }
            at.finish().await;
            assert_eq!((at.state().await, at.copies().await), (RunState::Done, at.notes.clone()), "{:?}", breaks(k));
            assert_eq!(at.entries("notes.copied").await.len(), 3, "{:?}", breaks(k));
            if fired == 0 {
                assert!(k > 5, "a step makes {k} calls");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_message_that_comes_twice_or_from_an_older_state_does_nothing() {
    let at = Place::new(5, 2, Trouble::Nothing).await;
    let mut steps = 0;
    while at.state().await == RunState::Running {
        let newest = at.newest().await;
        // Twice at the same moment, then both again, then all that came before.
        let twice = [newest.clone(), at.again(&newest)];
        let both = join_all(twice.iter().map(|message| at.app.deliver(&COPY, std::slice::from_ref(message)))).await;
        assert!(both.iter().all(Result::is_ok), "{both:?}");
        steps += 1;
        for old in at.messages().await.iter().take(steps) {
            at.deliver(&at.again(old)).await;
        }
        assert_eq!(at.entries("notes.copied").await.len(), steps);
    }
    assert_eq!((steps, at.copies().await), (3, at.notes.clone()));
    assert_eq!(at.messages().await.len(), 3);
}

#[tokio::test]
async fn a_message_that_comes_late_is_carried_out_unless_the_sweep_sent_it_again() {
    let at = Place::new(5, 2, Trouble::Nothing).await;
    let late = at.newest().await;
    at.wait(LEASE);
    at.deliver(&late).await;
    assert_eq!(at.view().await.done, 2);
    let late = at.newest().await;
    at.wait(LEASE);
    at.sweep().await;
    assert_eq!(at.view().await.trouble.unwrap().code, "unavailable");
    at.deliver(&late).await;
    assert_eq!(at.view().await.done, 2, "an older message was carried out");
    at.finish().await;
    assert_eq!((at.state().await, at.copies().await), (RunState::Done, at.notes.clone()));
    at.granted();
}

#[tokio::test]
async fn a_lost_message_is_sent_again_and_given_up_in_the_end() {
    let at = Place::new(5, 2, Trouble::Nothing).await;
    at.deliver(&at.newest().await).await;
    at.sweep().await;
    assert_eq!(at.messages().await.len(), 2, "it was swept before its lease ended");
    let since = at.app.now();
    while at.state().await == RunState::Running {
        // Nothing but the sweep.
        at.wait(SignedDuration::from_mins(30));
        at.sweep().await;
    }
    assert!(at.app.now().duration_since(since) > SignedDuration::from_hours(4));
    at.finish().await;
    assert_eq!((at.state().await, at.copies().await), (RunState::Failed, BTreeSet::new()));
}

#[tokio::test]
async fn a_cancelled_run_is_undone_in_reverse() {
    let at = Place::new(7, 2, Trouble::Nothing).await;
    at.deliver(&at.newest().await).await;
    at.deliver(&at.newest().await).await;
    let before = at.newest().await;
    let view = at.cancel().await.unwrap();
    assert_eq!(view.state, RunState::Undoing);
    at.deliver(&before).await;
    assert_eq!(at.copies().await.len(), 4, "a step was carried out after the run was cancelled");
    // Again, while it is undone: no harm.
    at.cancel().await.unwrap();
    at.finish().await;
    assert_eq!((at.state().await, at.copies().await), (RunState::Cancelled, BTreeSet::new()));
    let removed: Vec<Vec<NoteId>> =
        at.entries("copies.removed").await.into_iter().map(|ids| serde_json::from_value(ids).unwrap()).collect();
    let in_order: Vec<NoteId> = at.notes.iter().copied().take(4).collect();
    assert_eq!(removed, [in_order[2..].to_vec(), in_order[..2].to_vec()]);
    assert_eq!(at.entries("copy.cancelled").await.len(), 1);
    let ended = at.cancel().await;
    assert_eq!(ended.unwrap_err().code(), "work_ended");
    at.granted();
}

#[tokio::test]
async fn a_step_that_is_under_way_when_the_run_is_cancelled_is_not_committed() {
    let at = Place::new(5, 2, Trouble::Nothing).await;
    let wire = at.app.wire(&COPY);
    wire.arm(Fault::Hold("DynamoDB.TransactWriteItems"));
    let newest = at.newest().await;
    let cancelling = async {
        wire.held.notified().await;
        at.cancel().await.unwrap();
        wire.release();
    };
    tokio::join!(at.deliver(&newest), cancelling);
    assert_eq!((at.state().await, at.copies().await), (RunState::Cancelled, BTreeSet::new()));
}

#[tokio::test]
async fn a_run_that_waits_continues_at_its_instant_and_is_cancelled_at_once() {
    let at = Place::new(5, 2, Trouble::Waits).await;
    at.deliver(&at.newest().await).await;
    let waiting = at.newest().await;
    assert_eq!(waiting.envelope.not_before, Some(at.app.now() + SignedDuration::from_hours(1)));
    at.wait(SignedDuration::from_mins(50));
    at.sweep().await;
    assert_eq!(at.messages().await.len(), 2, "the sweep took a run that waits for one that is lost");
    at.cancel().await.unwrap();
    assert_eq!(at.newest().await.envelope.not_before, Some(at.app.now()));
    at.deliver(&at.newest().await).await;
    at.deliver(&waiting).await;
    assert_eq!((at.state().await, at.copies().await), (RunState::Cancelled, BTreeSet::new()));
}

#[tokio::test]
async fn a_run_that_gives_up_is_undone_and_says_why() {
    for (trouble, code) in [(Trouble::GivesUp, "note_too_long"), (Trouble::FailsAlways, "busy")] {
        let at = Place::new(7, 2, trouble).await;
        at.deliver(&at.newest().await).await;
        at.deliver(&at.newest().await).await;
        at.deliver(&at.newest().await).await;
        if trouble == Trouble::FailsAlways {
            // The wait that the step asked for is longer than ours.
            let wait = at.newest().await.envelope.not_before.unwrap().duration_since(at.app.now());
            assert_eq!((at.state().await, wait.as_secs()), (RunState::Running, 2000));
        }
        at.finish().await;
        let view = at.view().await;
        assert_eq!((view.state, view.trouble.unwrap().code.as_str()), (RunState::Failed, code));
        assert_eq!((at.copies().await, at.entries("copies.removed").await.len()), (BTreeSet::new(), 2));
        let failed = at.entries("run.failed").await;
        assert_eq!(failed, [serde_json::json!({ "work": "copy-notes", "code": code, "left_to_undo": 0 })]);
    }
}

#[tokio::test]
async fn what_cannot_be_undone_is_left_and_named() {
    let at = Place::new(7, 2, Trouble::CannotUndo).await;
    at.finish().await;
    let view = at.view().await;
    assert_eq!((view.state, view.trouble.unwrap().code.as_str()), (RunState::Failed, "copy_in_use"));
    assert_eq!(at.copies().await.len(), 4);
    assert_eq!(at.entries("run.failed").await[0]["left_to_undo"], 2);
}

#[tokio::test]
async fn one_run_of_a_key_is_pending_and_the_next_begins_when_it_has_ended() {
    let mut at = Place::new(3, 2, Trouble::Nothing).await;
    at.finish().await;
    let starts = join_all((0..4).map(|_| at.start(2, Trouble::GivesUp, Some("all")))).await;
    let started: Vec<_> = starts.iter().filter_map(|start| start.as_ref().ok()).collect();
    let refused: Vec<_> = starts.iter().filter_map(|start| start.as_ref().err()).map(Problem::code).collect();
    assert_eq!((started.len(), refused), (1, vec!["work_pending"; 3]));
    assert!(at.start(2, Trouble::Nothing, Some("others")).await.is_ok());
    let first = *started[0];
    at.run = first;
    for ends in ["by itself", "by being cancelled"] {
        if ends == "by itself" {
            at.finish().await;
        } else {
            at.cancel().await.unwrap();
        }
        at.run = at.start(2, Trouble::Nothing, Some("all")).await.unwrap();
    }
    assert_ne!(at.run, first);
}

#[tokio::test]
async fn while_sending_is_off_nothing_is_carried_out_and_nothing_is_lost() {
    let mut at = Place::new(3, 2, Trouble::Nothing).await;
    at.app.configure(|config| config.sending = Sending::Off);
    at.deliver(&at.newest().await).await;
    at.wait(LEASE);
    at.sweep().await;
    assert_eq!((at.messages().await.len(), at.copies().await.len()), (1, 0));
    at.app.configure(|config| config.sending = Sending::On);
    at.finish().await;
    assert_eq!((at.state().await, at.copies().await), (RunState::Done, at.notes.clone()));
}

#[tokio::test]
async fn changes_that_no_transaction_takes_are_refused_and_name_their_entity() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let notes: Vec<_> =
        (0..100).map(|_| Note { id: app.new_id(), text: "a".to_owned(), told: 0, secret: None }).collect();
    let all = |count: usize| Changes::default().each(&notes[..count], Changes::insert);
    let refused = app.scope(owner.workspace).commit(all(100).audit("notes.written", notes[0].id)).await.unwrap_err();
    assert_eq!(refused.status(), 500);
    let cause = format!("{refused:?}");
    assert!(cause.contains("101 writes in one transaction, 100 of them to NOTE, where 100 fit"), "{cause}");
    app.scope(owner.workspace).commit(all(99).audit("notes.written", notes[0].id)).await.unwrap();
}

/// Random deliveries of random messages, crashes, sweeps, waits and cancellations: in the end all is copied, or nothing.
#[tokio::test]
async fn whatever_happens_all_is_copied_or_nothing() {
    for round in 0..12 {
        let trouble = [Trouble::Nothing, Trouble::Nothing, Trouble::GivesUp][round % 3];
        let at = Place::new(5, 2, trouble).await;
        let random = |below: u64| u64::from_le_bytes(at.app.entropy().bytes()) % below;
        let mut happened = Vec::new();
        for _ in 0..30 {
            let messages = at.messages().await;
            let message = messages[usize::try_from(random(messages.len() as u64)).unwrap()].clone();
            let what = random(10);
            happened.push(what);
            match what {
                0..=2 => drop(at.app.deliver(&COPY, &[at.newest().await]).await),
                3 => drop(at.app.deliver(&COPY, &[at.again(&message)]).await),
                4..=6 => {
                    let k = 1 + usize::try_from(random(8)).unwrap();
                    let fault = [Fault::CrashBefore(k), Fault::CrashAfter(k), Fault::LoseAnswer(k)];
                    at.app.wire(&COPY).arm(fault[usize::try_from(what - 4).unwrap()]);
                    drop(at.app.deliver_until_crash(&COPY, &[at.newest().await]).await);
                    at.app.wire(&COPY).disarm();
                }
                7 => at.wait(SignedDuration::from_secs(i64::try_from(random(1200)).unwrap())),
                8 => at.sweep().await,
                _ if random(4) == 0 => {
                    drop(at.cancel().await);
                }
                _ => {}
            }
        }
        at.finish().await;
        let (state, copies) = (at.state().await, at.copies().await);
        let expected = if state == RunState::Done { at.notes.clone() } else { BTreeSet::new() };
        assert_eq!(copies, expected, "{state:?} after {happened:?}");
        assert!(trouble == Trouble::Nothing || state != RunState::Done);
    }
}
