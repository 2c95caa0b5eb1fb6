//! A work that copies notes in steps, and the helpers of its tests.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt::Display;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use shared::audit::AuditAction;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::jobs::{Declaration, Job, JobError, Trigger};
use shared::kernel::problems::{Problem, ProblemCode};
use shared::table::Entity;
use shared::tenancy::{AllWorkspaces, Audited, Changes, Page, Reason, Tenant};
use shared::testing::{Person, Posted, TestApp};
use shared::work::{self, Next, Run, RunId, RunState, RunView, Step, StepDue, Stepped, Work};

use crate::notes::{Note, NoteId};

const NOTE_TOO_LONG: ProblemCode = ProblemCode::of_job(422, "note_too_long");
const BUSY: ProblemCode = ProblemCode::of_job(503, "busy");
const COPY_IN_USE: ProblemCode = ProblemCode::of_job(409, "copy_in_use");

static COPIES_REMOVED: AuditAction = AuditAction::named("copies.removed");
static COPY_CANCELLED: AuditAction = AuditAction::named("copy.cancelled");
static COPY_STARTED: AuditAction = AuditAction::named("copy.started");
static NOTES_COPIED: AuditAction = AuditAction::named("notes.copied");

/// Copies every note of a workspace, in batches. The state has the cursor.
#[derive(Clone, Serialize, Deserialize)]
pub struct CopyNotes {
    batch: u32,
    behind: Option<String>,
    copied: u64,
    total: u64,
    behaviour: Behaviour,
}

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Behaviour {
    Nothing,
    /// The third step gives up.
    GivesUp,
    /// The third step always fails.
    FailsAlways,
    /// The third step gives up, and nothing can be undone.
    CannotUndo,
    /// Each step waits an hour for the next one.
    Waits,
}

#[derive(Serialize, Deserialize)]
pub struct NoteCopy {
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
        match self.behaviour {
            Behaviour::GivesUp | Behaviour::CannotUndo if third => {
                return Err(JobError::GiveUp(Problem::new(NOTE_TOO_LONG, "A note is too long.")));
            }
            Behaviour::FailsAlways if third => {
                let busy = Problem::new(BUSY, "Not now.");
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
        let next = match self.behaviour {
            _ if done => Next::Done,
            Behaviour::Waits => Next::After(SignedDuration::from_hours(1)),
            _ => Next::Again,
        };
        let changes = Changes::default().each(&copies, Changes::insert).audit(&NOTES_COPIED, step.run());
        let made = copies.iter().map(|copy| copy.id).collect();
        Ok(next.with(changes).undo_by(made).progress(self.copied, self.total))
    }

    async fn undo(&mut self, made: Vec<NoteId>, step: &Step<'_>) -> Result<Audited, JobError> {
        if self.behaviour == Behaviour::CannotUndo {
            return Err(JobError::GiveUp(Problem::new(COPY_IN_USE, "A copy is in use.")));
        }
        let found = step.find_all::<NoteCopy>(&made).await?;
        let changes = Changes::default().each(found.iter().flatten(), Changes::delete);
        Ok(changes.audit(&COPIES_REMOVED, step.run()).detail(&made))
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
pub struct Copying(StepDue<CopyNotes>);

pub static COPY: Function = Function::job::<Copying>();

impl Job for Copying {
    const JOB: Declaration = Declaration::new("copy-notes", Trigger::message::<StepDue<CopyNotes>>());
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems];
    type Access = Tenant;

    async fn run(self, tenant: &Tenant) -> Result<(), JobError> {
        self.0.carry_out(tenant).await
    }
}

#[derive(Deserialize)]
pub struct SweepWork {}

pub static SWEEP: Function = Function::job::<SweepWork>();

pub struct LostSteps;

impl Reason for LostSteps {
    const WHY: &'static str = "resends lost steps of every workspace";
}

impl Job for SweepWork {
    const JOB: Declaration = Declaration::new("sweep-work", Trigger::Schedule("rate(1 minute)"));
    const GRANTS: &'static [Grant] = &[Grant::ReadDue, Grant::ReadItems, Grant::WriteItems];
    type Access = AllWorkspaces<LostSteps>;

    async fn run(self, workspaces: &AllWorkspaces<LostSteps>) -> Result<(), JobError> {
        work::sweep(workspaces).await
    }
}

pub struct Place {
    pub app: TestApp,
    pub owner: Person,
    pub notes: BTreeSet<NoteId>,
    pub run: RunId,
}

impl Place {
    /// A workspace with this many notes, and a run that copies them.
    pub async fn new(notes: usize, batch: u32, behaviour: Behaviour) -> Self {
        let app = TestApp::new();
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
        place.run = place.start(batch, behaviour, None).await.unwrap();
        place
    }

    pub async fn start(&self, batch: u32, behaviour: Behaviour, key: Option<&str>) -> Result<RunId, Problem> {
        let scope = self.scope();
        let total = self.notes.len() as u64;
        let work = CopyNotes { batch, behind: None, copied: 0, total, behaviour };
        let run = Run::new(&scope, &work, key.as_ref().map(|key| key as &dyn Display))?;
        scope.commit(Changes::default().audit(&COPY_STARTED, run.id).start(&run)).await.map(|()| run.id)
    }

    pub async fn cancel(&self) -> Result<RunView, Problem> {
        work::cancel(&self.scope(), self.run, |changes| changes.audit(&COPY_CANCELLED, self.run)).await
    }

    pub fn scope(&self) -> Tenant {
        self.app.scope(self.owner.workspace)
    }

    pub async fn view(&self) -> RunView {
        self.scope().get::<Run>(&self.run).await.unwrap().view()
    }

    pub async fn state(&self) -> RunState {
        self.view().await.state
    }

    pub async fn copies(&self) -> BTreeSet<NoteId> {
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

    pub async fn entries(&self, action: &str) -> Vec<serde_json::Value> {
        let page = Page { limit: 100, cursor: None, newest_first: false };
        let entries = self.scope().audit_entries(&page).await.unwrap().items;
        let found = entries.into_iter().filter(|entry| entry.action == action);
        found.map(|entry| entry.target.detail.unwrap_or_default()).collect()
    }

    /// Every message of the run so far, oldest first.
    pub async fn messages(&self) -> Vec<Posted> {
        let mut messages = self.app.outbox::<StepDue<CopyNotes>>(&self.owner.outbox()).await.unwrap();
        messages.retain(|message| message.envelope.payload["run"] == self.run.to_string());
        messages.sort_by_key(|message| message.envelope.payload["claim"].as_u64());
        messages
    }

    pub async fn newest(&self) -> Posted {
        self.messages().await.pop().unwrap()
    }

    /// A copy that the history of runs does not know, so that the work itself must deduplicate.
    pub fn again(&self, message: &Posted) -> Posted {
        let mut again = message.clone();
        again.envelope.id = self.app.new_id::<Note>().to_string();
        again
    }

    pub async fn deliver(&self, message: &Posted) {
        self.app.deliver(&COPY, std::slice::from_ref(message)).await.unwrap();
    }

    pub fn wait(&self, duration: SignedDuration) {
        self.app.advance(duration + SignedDuration::from_millis(1));
    }

    pub async fn sweep(&self) {
        self.app.tick(&SWEEP).await.unwrap();
        self.wait(SignedDuration::ZERO);
    }

    /// Delivers the newest message when it is due, until the run has ended.
    pub async fn finish(&self) {
        for _ in 0..100 {
            if [RunState::Done, RunState::Failed, RunState::Cancelled].contains(&self.state().await) {
                return;
            }
            let newest = self.newest().await;
            let early = newest.envelope.not_before.map(|at| at.duration_since(self.app.now())).unwrap_or_default();
            self.wait(early.max(SignedDuration::ZERO));
            // A message that was or is being handled does nothing: then the sweep resumes the run.
            let _comes_back = self.app.deliver(&COPY, &[newest]).await;
            self.sweep().await;
            self.wait(SignedDuration::from_secs(60));
        }
        panic!("the run never ends: {:?}", self.view().await);
    }
}
