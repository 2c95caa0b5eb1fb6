//! Steps: the declaration of a work, and how a message executes a step.

use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lease::LEASE;
use super::run::{Next, Phase, Run, RunId, WorkError};
use crate::config::Sending;
use crate::jobs::JobError;
use crate::kernel::problems::Problem;
use crate::kernel::time::{Timestamp, after};
use crate::outbox::Message;
use crate::table::Stored;
use crate::tenancy::{Audited, Changes, Scope, Tenant};

/// Long work. The struct is its state, which is committed with each step and read by the next one.
pub trait Work: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Kebab case, unique in the product; the name of its messages and its job.
    const NAME: &'static str;
    /// How to undo a step: [`NoUndo`], or the ids of what it created.
    type Undo: Serialize + DeserializeOwned + Send + Sync;

    /// Executes the next step. It writes nothing itself: its result is committed with its new state exactly once,
    /// however often the step is tried. Calls outside the tables may be repeated: use [`Step::token`], or let an
    /// earlier step declare the undo.
    fn step(&mut self, step: &Step<'_>) -> impl Future<Output = Result<Stepped<Self>, JobError>> + Send
    where
        Self: Sized;

    /// Undoes one committed step. Like a step, it may be retried.
    fn undo(&mut self, undo: Self::Undo, step: &Step<'_>) -> impl Future<Output = Result<Audited, JobError>> + Send {
        let (_, _) = (undo, step);
        async { Err(JobError::GiveUp(Problem::internal("the work declares no undo"))) }
    }
}

/// For work that is never undone.
#[derive(Serialize, Deserialize)]
pub enum NoUndo {}

impl Run {
    /// A run of this work, to be started with [`Audited::start`]. Only one run per key is pending at a time.
    pub fn new<W: Work>(scope: &Scope, work: &W, key: Option<&dyn Display>) -> Result<Self, Problem> {
        let state = serde_json::to_value(work).map_err(Problem::internal)?;
        Ok(Self::first(scope, W::NAME, state, key))
    }
}

/// An executed step, to be committed.
pub struct Stepped<W: Work> {
    next: Next,
    changes: Audited,
    undo: Vec<W::Undo>,
    progress: Option<(u64, Option<u64>)>,
}

impl Next {
    /// Commits these changes with the continuation: at most [`super::ROOM`] writes.
    pub fn with<W: Work>(self, changes: Audited) -> Stepped<W> {
        Stepped { next: self, changes, undo: Vec::new(), progress: None }
    }

    /// Commits only the state.
    pub fn alone<W: Work>(self) -> Stepped<W> {
        self.with(Changes::default().unaudited("a step that only changes its own state"))
    }
}

impl<W: Work> Stepped<W> {
    /// How this step is undone if the run fails or is cancelled.
    pub fn undo_by(mut self, undo: W::Undo) -> Self {
        self.undo.push(undo);
        self
    }

    /// How many are done, and the total if it is known.
    pub fn progress(mut self, done: u64, total: impl Into<Option<u64>>) -> Self {
        self.progress = Some((done, total.into()));
        self
    }
}

/// One step of a run, in the run's workspace.
pub struct Step<'a> {
    tenant: &'a Tenant,
    run: RunId,
    claim: u32,
    number: u32,
}

impl Step<'_> {
    pub fn run(&self) -> RunId {
        self.run
    }

    /// An idempotency key: the same for each try of this step, and unique to it.
    pub fn token(&self) -> String {
        format!("{}-{}", self.run, self.number)
    }

    /// Fails once the run was cancelled or another message took over this step: for long steps.
    pub async fn check(&self) -> Result<(), JobError> {
        match self.tenant.find::<Run>(&self.run).await? {
            Some(run) if run.claim == self.claim => Ok(()),
            _ => Err(JobError::retry(WorkError::MovedOn.into())),
        }
    }
}

impl Deref for Step<'_> {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        self.tenant
    }
}

/// The message for one step of a run. It may arrive twice, late, or out of order.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct StepDue<W> {
    run: RunId,
    claim: u32,
    #[serde(skip)]
    work: PhantomData<fn() -> W>,
}

impl<W: Work> Message for StepDue<W> {
    const NAME: &'static str = W::NAME;
}

impl<W: Work> StepDue<W> {
    /// Executes the step, if this message is the run's newest one. The work's job does nothing else.
    pub async fn carry_out(self, tenant: &Tenant) -> Result<(), JobError> {
        // Not found: the run ended long ago.
        let Some(mut run) = tenant.find::<Run>(&self.run).await? else { return Ok(()) };
        if tenant.sending() == Sending::Off || run.claim != self.claim {
            tracing::info!(run.id = %self.run, claim = self.claim, "nothing to do: sending is off, or the run advanced");
            return Ok(());
        }
        if run.lease_until.duration_since(tenant.now()) < tenant.context().left(tenant.now())
            && !self.renew(tenant, &mut run).await?
        {
            return Ok(());
        }
        let step = Step { tenant, run: run.id, claim: run.claim, number: run.step };
        let changed = match run.phase {
            Phase::Running => step_on::<W>(&mut run, &step).await,
            Phase::Undoing(_) => step_back::<W>(&mut run, &step).await,
            Phase::Ended(_) => return Ok(()),
        };
        let changed = changed.unwrap_or_else(|error| failed(&mut run, &error, tenant.now()));
        match Run::commit(tenant, &run, changed).await {
            Err(refused) if refused.status() == 409 => refused_at(tenant, &step, refused).await,
            committed => Ok(committed?),
        }
    }

    /// Restarts the full lease for a late message. Otherwise the sweep would send the step a second time while it is
    /// running, and a queue that is behind would never catch up. False if the sweep committed first.
    async fn renew(&self, tenant: &Tenant, run: &mut Stored<Run>) -> Result<bool, Problem> {
        run.lease_until = after(tenant.now(), LEASE);
        let changes = Changes::default().replace(run).or(WorkError::MovedOn).unaudited("a lease");
        match tenant.commit(changes).await {
            Ok(()) => {
                run.committed();
                Ok(true)
            }
            Err(problem) if problem.status() == 409 => Ok(false),
            Err(problem) => Err(problem),
        }
    }
}

async fn step_on<W: Work>(run: &mut Run, step: &Step<'_>) -> Result<Audited, JobError> {
    let mut work: W = read(&run.state)?;
    let stepped = work.step(step).await?;
    let undo: Vec<Value> =
        stepped.undo.iter().map(serde_json::to_value).collect::<Result<_, _>>().map_err(Problem::internal)?;
    let state = serde_json::to_value(work).map_err(Problem::internal)?;
    run.remember(undo, stepped.progress).map_err(JobError::GiveUp)?;
    run.state = state;
    run.advance(stepped.next, step.now());
    Ok(stepped.changes)
}

async fn step_back<W: Work>(run: &mut Run, step: &Step<'_>) -> Result<Audited, JobError> {
    let mut work: W = read(&run.state)?;
    let undo = read(run.undo.last().unwrap_or(&Value::Null))?;
    let changes = work.undo(undo, step).await?;
    run.state = serde_json::to_value(work).map_err(Problem::internal)?;
    run.undone(step.now());
    Ok(changes)
}

/// A state that this version cannot parse will never parse.
fn read<T: DeserializeOwned>(stored: &Value) -> Result<T, JobError> {
    serde_json::from_value(stored.clone()).map_err(|error| JobError::GiveUp(Problem::internal(error)))
}

fn failed(run: &mut Run, error: &JobError, now: Timestamp) -> Audited {
    tracing::warn!(run.id = %run.id, step = run.step, cause = ?error.problem(), "a step failed");
    match error {
        JobError::GiveUp(problem) => run.give_up(problem, now),
        JobError::Retry { problem, after } => run.fail_try(problem, after.unwrap_or_default(), now),
    }
    Changes::default().unaudited("a failed try only changes the run")
}

/// Handles a refused commit: another message or a cancellation came first, or an item that the step had read has
/// changed. The step is then retried like any failed one.
async fn refused_at(tenant: &Tenant, step: &Step<'_>, refused: Problem) -> Result<(), JobError> {
    let Some(mut run) = tenant.find::<Run>(&step.run).await?.filter(|run| run.claim == step.claim) else {
        return Ok(());
    };
    let changed = failed(&mut run, &JobError::retry(refused), tenant.now());
    match Run::commit(tenant, &run, changed).await {
        Err(problem) if problem.status() == 409 => Ok(()),
        committed => Ok(committed?),
    }
}
