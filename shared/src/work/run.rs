//! A run: one execution of long work, from its start to its end.

use std::borrow::Borrow;
use std::fmt::Display;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::contend::contend;
use super::lease::{LEASE, backoff};
use crate::audit::AuditAction;
use crate::kernel::ids::{Id, Identified};
use crate::kernel::problem_codes;
use crate::kernel::problems::{Problem, ProblemCode, Refusal};
use crate::kernel::time::{ApiTimestamp, SignedDuration, Timestamp, after};
use crate::outbox::Posted;
use crate::table::{Due, Entity, Stored};
use crate::tenancy::{Audited, Changes, Scope};

/// Long work failed, or was undone.
static RUN_FAILED: AuditAction = AuditAction::named("run.failed");

/// Public: clients read the run by this id.
pub type RunId = Id<Run>;

/// Tries of one step; every lost or failed one counts. With the waits between them, they cover about four hours of an
/// outage.
const MAX_TRIES: u32 = 20;
/// The maximum number of steps to undo, which are stored in the run's item.
const MAX_UNDO: usize = 500;
/// How long an ended run stays visible.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub id: RunId,
    /// The name of its work and of its messages.
    work: String,
    key: Option<String>,
    /// The state after the last step.
    pub(super) state: Value,
    pub(super) phase: Phase,
    /// The number of the newest message. Each commit creates the next; an older message does nothing.
    pub(super) claim: u32,
    pub(super) lease_until: Timestamp,
    /// The number of steps so far: identifies a step, independent of its tries.
    pub(super) step: u32,
    /// Failed tries of this step.
    tries: u32,
    pub(super) undo: Vec<Value>,
    done: u64,
    total: Option<u64>,
    #[serde(alias = "trouble")]
    last_error: Option<StepError>,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    Running,
    /// Undoes its steps, the last one first, then ends.
    Undoing(End),
    Ended(End),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum End {
    Done,
    Failed,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RunError)]
pub struct StepError {
    pub code: String,
    pub text: String,
}

/// Marks work of this name and key as pending: a second insert is refused.
#[derive(Serialize, Deserialize)]
pub(super) struct Pending {
    name: String,
    run: RunId,
}

/// Why work cannot be started or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    #[error("This is already in progress. Wait until it ends, or cancel it.")]
    Pending,
    #[error("This has ended and cannot be cancelled. Read its result.")]
    Ended,
    #[error("The run advanced at the same time. Reload it and try again.")]
    MovedOn,
}

impl Refusal for WorkError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::Pending => problem_codes::WORK_PENDING,
            Self::Ended => problem_codes::WORK_ENDED,
            Self::MovedOn => problem_codes::WORK_MOVED_ON,
        }
    }
}

impl Identified for Run {
    const PREFIX: &'static str = "run";
    const NAME: &'static str = "Run";
}

impl Entity for Run {
    const KIND: &'static str = "WORK";
    type Key = RunId;

    fn key(&self) -> impl Borrow<RunId> {
        self.id
    }

    fn due(&self) -> Option<Due> {
        (!self.is_ended()).then(|| Due::at(self.lease_until))
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.ended_at.map(|at| after(at, KEPT_FOR))
    }
}

impl Entity for Pending {
    const KIND: &'static str = "WORK_PENDING";
    type Key = str;

    fn key(&self) -> impl Borrow<str> {
        self.name.as_str()
    }
}

/// The continuation of a step.
#[derive(Debug)]
pub enum Next {
    /// The next step, immediately.
    Again,
    /// The next step, after a wait of any length.
    After(SignedDuration),
    /// The work is done.
    Done,
    /// The work fails, and the declared undos run.
    GiveUp(Problem),
}

impl Run {
    /// A run that has not begun.
    pub(super) fn first(scope: &Scope, work: &str, state: Value, key: Option<&dyn Display>) -> Self {
        let now = scope.now();
        Self {
            id: scope.new_id(),
            work: work.to_owned(),
            key: key.map(ToString::to_string),
            state,
            phase: Phase::Running,
            claim: 1,
            lease_until: after(now, LEASE),
            step: 0,
            tries: 0,
            undo: Vec::new(),
            done: 0,
            total: None,
            last_error: None,
            created_at: now,
            ended_at: None,
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    fn pending_name(&self) -> Option<String> {
        self.key.as_ref().map(|key| format!("{}#{key}", self.work))
    }

    /// Claims the run for its next message, which arrives at `not_before`.
    pub(super) fn claim_at(&mut self, not_before: Timestamp) {
        self.claim += 1;
        self.lease_until = after(not_before, LEASE);
    }

    /// Records that the step was executed.
    pub(super) fn advance(&mut self, next: Next, now: Timestamp) {
        (self.step, self.tries, self.last_error) = (self.step + 1, 0, None);
        match next {
            Next::Again => self.claim_at(now),
            Next::After(wait) => self.claim_at(after(now, wait)),
            Next::Done => self.end(End::Done, now),
            Next::GiveUp(problem) => self.give_up(&problem, now),
        }
    }

    pub(super) fn give_up(&mut self, problem: &Problem, now: Timestamp) {
        self.note(problem);
        match self.phase {
            // A person must handle steps that cannot be undone, with the remaining undos.
            Phase::Undoing(_) => self.end(End::Failed, now),
            _ => self.turn_back(End::Failed, now),
        }
    }

    /// Records a failed try: retries after a wait, or gives up.
    pub(super) fn fail_try(&mut self, problem: &Problem, at_least: SignedDuration, now: Timestamp) {
        self.tries += 1;
        if self.tries >= MAX_TRIES {
            return self.give_up(problem, now);
        }
        self.note(problem);
        self.claim_at(after(now, backoff(self.id.as_bytes(), self.tries).max(at_least)));
    }

    /// Records that the last step was undone.
    pub(super) fn undone(&mut self, now: Timestamp) {
        self.undo.pop();
        (self.step, self.tries) = (self.step + 1, 0);
        if let Phase::Undoing(end) = self.phase {
            self.turn_back(end, now);
        }
    }

    fn turn_back(&mut self, end: End, now: Timestamp) {
        if self.undo.is_empty() {
            return self.end(end, now);
        }
        (self.phase, self.tries) = (Phase::Undoing(end), 0);
        self.claim_at(now);
    }

    fn end(&mut self, end: End, now: Timestamp) {
        // No message in flight is the newest any more.
        self.claim += 1;
        (self.phase, self.ended_at) = (Phase::Ended(end), Some(now));
        if end == End::Done {
            self.undo.clear();
        }
    }

    fn note(&mut self, problem: &Problem) {
        // The cause of an internal error is in the log.
        let text = if problem.status() >= 500 { "An internal error occurred." } else { problem.detail() };
        self.last_error = Some(StepError { code: problem.code().to_owned(), text: text.to_owned() });
    }

    pub(super) fn remember(&mut self, undo: Vec<Value>, progress: Option<(u64, Option<u64>)>) -> Result<(), Problem> {
        if self.undo.len() + undo.len() > MAX_UNDO {
            return Err(Problem::internal(format!("{} has more than {MAX_UNDO} steps to undo", self.work)));
        }
        self.undo.extend(undo);
        if let Some((done, total)) = progress {
            (self.done, self.total) = (done, total);
        }
        Ok(())
    }

    fn message(&self) -> Posted {
        let payload = serde_json::json!({ "run": self.id, "claim": self.claim });
        Posted::named(self.work.clone(), payload, Some(after(self.lease_until, -LEASE)))
    }

    /// Commits the run with the changes of its step, and the next message or the end.
    pub(super) async fn commit(scope: &Scope, run: &Stored<Self>, mut changed: Audited) -> Result<(), Problem> {
        changed.changes = changed.changes.replace(run).or(WorkError::MovedOn);
        if !run.is_ended() {
            return scope.commit(changed.post(run.message())).await;
        }
        if let Some(name) = run.pending_name()
            && let Some(pending) = scope.find::<Pending>(&name).await?.filter(|pending| pending.run == run.id)
        {
            changed.changes = changed.changes.delete(&pending).or(WorkError::MovedOn);
        }
        if let (Phase::Ended(End::Failed), Some(error)) = (run.phase, &run.last_error) {
            let detail = serde_json::json!({ "work": run.work, "code": error.code, "left_to_undo": run.undo.len() });
            changed = changed.audit(&RUN_FAILED, run.id).detail(detail);
        }
        scope.commit(changed).await
    }

    pub fn view(&self) -> RunView {
        RunView {
            id: self.id,
            state: match self.phase {
                Phase::Running => RunState::Running,
                Phase::Undoing(_) => RunState::Undoing,
                Phase::Ended(End::Done) => RunState::Done,
                Phase::Ended(End::Failed) => RunState::Failed,
                Phase::Ended(End::Cancelled) => RunState::Cancelled,
            },
            done: self.done,
            total: self.total,
            last_error: self.last_error.clone(),
            created_at: self.created_at.into(),
            ended_at: self.ended_at.map(ApiTimestamp::from),
        }
    }
}

impl Audited {
    /// Starts a run in the same transaction. 409 `work_pending` if one of the same work and key is pending.
    pub fn start(mut self, run: &Run) -> Self {
        self.changes = self.changes.insert(run);
        if let Some(name) = run.pending_name() {
            self.changes = self.changes.insert(&Pending { name, run: run.id }).or(WorkError::Pending);
        }
        self.post(run.message())
    }
}

/// Cancels a run, and commits `audited` with that. A running step is no longer committed, and earlier steps are undone
/// as they declared. 404, or 409 `work_ended`.
pub async fn cancel(
    scope: &Scope,
    id: RunId,
    audited: impl Fn(Changes) -> Audited + Send + Sync,
) -> Result<RunView, Problem> {
    let audited = &audited;
    contend(WorkError::MovedOn.code(), || async move {
        let mut run = scope.get::<Run>(&id).await?;
        match run.phase {
            Phase::Running => run.turn_back(End::Cancelled, scope.now()),
            Phase::Undoing(_) => return Ok(run.view()),
            Phase::Ended(_) => return Err(WorkError::Ended.into()),
        }
        Run::commit(scope, &run, audited(Changes::default())).await?;
        Ok(run.view())
    })
    .await
}

/// A run as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RunView {
    pub id: RunId,
    pub state: RunState,
    /// How many of `total` are done.
    pub done: u64,
    /// Null until it is known.
    pub total: Option<u64>,
    /// The last error.
    pub last_error: Option<StepError>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: ApiTimestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<ApiTimestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    /// It failed or was cancelled, and its steps are being undone.
    Undoing,
    Done,
    /// See `last_error`.
    Failed,
    Cancelled,
}
