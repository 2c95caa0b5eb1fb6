//! The declaration of a job.

use std::future::Future;

use serde::de::DeserializeOwned;

use super::access::JobAccess;
use crate::aws::grants::Grant;
use crate::kernel::problems::Problem;
use crate::kernel::time::SignedDuration;
use crate::outbox::Message;

/// One background job. The struct is its payload: the message, or empty for a schedule.
pub trait Job: DeserializeOwned + Send + 'static {
    const JOB: Declaration;
    const GRANTS: &'static [Grant] = &[];
    type Access: JobAccess;

    /// Runs the job. It may run again with the same payload after a crash, and must then have one effect.
    fn run(self, access: &Self::Access) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// What starts a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// An EventBridge Scheduler expression in UTC: `rate(1 minute)`, `cron(0 3 * * ? *)`. One run at a time; a run that
    /// starts during another is skipped.
    Schedule(&'static str),
    /// A message of this name, through the job's own queue.
    Message(&'static str),
    /// Every new row of the outbox.
    OutboxStream,
    /// A person who invokes the function with the payload and reads the result. Nothing else may invoke it.
    Operator,
}

impl Trigger {
    pub const fn message<M: Message>() -> Self {
        Self::Message(M::NAME)
    }
}

/// A job's name, trigger and resources.
#[derive(Clone, Copy, Debug)]
pub struct Declaration {
    /// The function's name: `publish-bluesky`.
    pub name: &'static str,
    pub trigger: Trigger,
    pub memory_mb: u32,
    /// The function's timeout. A run is aborted slightly earlier, and after at most five minutes.
    pub timeout_s: u32,
    /// Messages per invocation.
    pub batch: u32,
    /// Concurrent invocations, to protect the services that they call.
    pub concurrency: u32,
    /// Deliveries of a message before it is moved to the dead-letter queue.
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
        assert!(batch >= 1 && batch <= 10, "SQS delivers at most ten messages without a batching window");
        self.batch = batch;
        self
    }

    pub const fn concurrency(mut self, concurrency: u32) -> Self {
        assert!(concurrency >= 2, "the minimum of an event source mapping");
        self.concurrency = concurrency;
        self
    }
}

/// Why a run failed.
#[derive(Debug)]
pub enum JobError {
    /// A retry may succeed: the message is delivered again, or the next schedule retries. A message is redelivered
    /// after `after` (at most 12 hours) if it is given, otherwise after six times the function's timeout.
    Retry { problem: Problem, after: Option<SignedDuration> },
    /// No retry will succeed: the failure is recorded and an alarm notifies a person.
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

/// A refusal is permanent; an internal fault may be temporary.
impl<E: Into<Problem>> From<E> for JobError {
    fn from(error: E) -> Self {
        let problem = error.into();
        if problem.status() >= 500 || problem.status() == 429 { Self::retry(problem) } else { Self::GiveUp(problem) }
    }
}
