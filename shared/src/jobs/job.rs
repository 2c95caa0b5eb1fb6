//! A job as its file declares it.

use std::future::Future;

use serde::de::DeserializeOwned;

use super::access::JobAccess;
use crate::aws::grants::Grant;
use crate::kernel::problems::Problem;
use crate::kernel::time::SignedDuration;
use crate::outbox::Message;

/// One background job, whole. The struct is its payload: the message, or nothing for a schedule.
pub trait Job: DeserializeOwned + Send + 'static {
    const JOB: Declaration;
    const GRANTS: &'static [Grant] = &[];
    type Access: JobAccess;

    /// Does it. It may be run again with the same payload after a crash: then it must have one effect.
    fn run(self, access: &Self::Access) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// What starts a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// An EventBridge Scheduler expression in UTC: `rate(1 minute)`, `cron(0 3 * * ? *)`. One run at a
    /// time; a run that comes while another is at work is skipped.
    Schedule(&'static str),
    /// A message of this name, through the job's own queue.
    Message(&'static str),
    /// Every new row of the outbox.
    OutboxStream,
    /// A person who invokes the function with the payload, and reads the answer. Nothing else may.
    Operator,
}

impl Trigger {
    pub const fn message<M: Message>() -> Self {
        Self::Message(M::NAME)
    }
}

/// A job's name, trigger and size.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The function's name: `publish-post`.
    pub name: &'static str,
    pub trigger: Trigger,
    pub memory_mb: u32,
    /// The function's timeout. A run is ended a little before it, and after five minutes at most.
    pub timeout_s: u32,
    /// Messages in one invocation.
    pub batch: u32,
    /// Invocations at a time, for the sake of what they call.
    pub concurrency: u32,
    /// Deliveries of a message before it goes to the dead-letter queue.
    pub max_receives: u32,
}

impl Declaration {
    pub const fn new(name: &'static str, trigger: Trigger) -> Self {
        Self { name, trigger, memory_mb: 256, timeout_s: 60, batch: 1, concurrency: 20, max_receives: 5 }
    }

    pub const fn memory_mb(mut self, memory_mb: u32) -> Self {
        self.memory_mb = memory_mb;
        self
    }

    pub const fn timeout_s(mut self, timeout_s: u32) -> Self {
        assert!(timeout_s >= 10 && timeout_s <= 330, "a run ends after five minutes");
        self.timeout_s = timeout_s;
        self
    }

    pub const fn batch(mut self, batch: u32) -> Self {
        assert!(batch >= 1 && batch <= 10, "SQS hands over at most ten messages without a window");
        self.batch = batch;
        self
    }

    pub const fn concurrency(mut self, concurrency: u32) -> Self {
        assert!(concurrency >= 2, "the least that an event source mapping takes");
        self.concurrency = concurrency;
        self
    }
}

/// Why a run did not do its work.
#[derive(Debug)]
pub enum JobError {
    /// Another try may succeed: the message comes back, or the next schedule tries again. A message comes back `after` so
    /// long (at most 12 hours), where that is known, else after six times the function's timeout.
    Retry { problem: Problem, after: Option<SignedDuration> },
    /// No further try will: it is recorded and a person is told.
    GiveUp(Problem),
}

impl JobError {
    pub fn retry(problem: Problem) -> Self {
        Self::Retry { problem, after: None }
    }

    pub fn retry_after(problem: Problem, after: SignedDuration) -> Self {
        Self::Retry { problem, after: Some(after) }
    }

    pub fn problem(&self) -> &Problem {
        match self {
            Self::Retry { problem, .. } | Self::GiveUp(problem) => problem,
        }
    }
}

/// A refusal stays one however often it is asked; a fault may pass.
impl<E: Into<Problem>> From<E> for JobError {
    fn from(error: E) -> Self {
        let problem = error.into();
        if problem.status() >= 500 || problem.status() == 429 { Self::retry(problem) } else { Self::GiveUp(problem) }
    }
}
