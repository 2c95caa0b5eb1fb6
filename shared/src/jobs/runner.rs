//! The runner: turns an event into runs, each locked, recorded, time-limited and counted.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use super::access::{Run, sealed::Begin};
use super::history::{Begun, Lock, Outcome, Record};
use super::job::{Declaration, Job, JobError, Trigger};
use crate::kernel::ids::new_uuid;
use crate::kernel::job_context::{JobContext, OperatorReply};
use crate::kernel::problems::{Problem, ProblemCode};
use crate::kernel::time::{CLOCKS_DIFFER_BY, after};
use crate::kernel::trace::Traceparent;
use crate::kernel::worker::Cancellation;
use crate::metrics;
use crate::outbox::Envelope;
use crate::tenancy::all_workspaces::OutboxRow;
use crate::tenancy::app::App;

const RUN_TIMED_OUT: ProblemCode = ProblemCode::of_job(504, "run_timed_out");

/// A run ends after five minutes (claim 64).
const LONGEST_RUN: Duration = Duration::from_secs(300);
/// How early a message may arrive: clocks differ, and the queue delays by whole seconds.
const LONGEST_WAIT: SignedDuration = CLOCKS_DIFFER_BY;
/// The time reserved before the function's timeout to record the outcome of a run.
const ENDED_BEFORE_TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) type RunCall = fn(Run, Value) -> BoxFuture<'static, Result<(), JobError>>;

#[derive(Clone, Copy)]
pub(crate) struct JobEntry {
    pub(crate) job: Declaration,
    pub(crate) run: RunCall,
}

/// The generic part of a job: prove, parse, run.
pub(crate) fn run<J: Job>(run: Run, payload: Value) -> BoxFuture<'static, Result<(), JobError>> {
    Box::pin(async move {
        let access = <J::Access as Begin>::begin(run)?;
        // A payload that this version cannot parse will never parse: a person must look.
        let job: J = serde_json::from_value(payload).map_err(|error| JobError::GiveUp(Problem::internal(error)))?;
        job.run(&access).await
    })
}

/// The time of a run: limited to five minutes and to the rest of the invocation.
pub(crate) fn deadline(declared_s: u32, left: Duration) -> Duration {
    let declared = Duration::from_secs(declared_s.into());
    declared.min(left).saturating_sub(ENDED_BEFORE_TIMEOUT).min(LONGEST_RUN)
}

/// A message as the relay sent it to a queue.
#[derive(Deserialize)]
struct Delivered {
    partition: String,
    envelope: Envelope,
}

#[derive(Deserialize)]
struct Batch<R> {
    #[serde(rename = "Records", default = "Vec::new")]
    records: Vec<R>,
}

#[derive(Deserialize)]
struct QueueRecord {
    #[serde(rename = "messageId")]
    message_id: String,
    #[serde(rename = "receiptHandle")]
    receipt_handle: Option<String>,
    body: String,
}

#[derive(Deserialize)]
struct StreamRecord {
    #[serde(rename = "eventID")]
    event_id: String,
    #[serde(rename = "eventName")]
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "NewImage")]
    new_image: Option<Value>,
    #[serde(rename = "SequenceNumber", default)]
    sequence_number: String,
}

#[derive(Deserialize)]
struct Tick {
    scheduled_time: Option<String>,
}

/// Handles one event and returns the response for the event source.
pub(crate) async fn handle(app: &Arc<App>, entry: &JobEntry, event: Value, left: Duration) -> Result<Value, Problem> {
    let runner = Runner { app, entry, ends: tokio::time::Instant::now() + left };
    match entry.job.trigger {
        Trigger::Schedule(_) => runner.scheduled(event).await,
        Trigger::Message(name) => runner.messages(name, event).await,
        Trigger::OutboxStream => runner.stream(event).await,
        Trigger::Operator => runner.operator(event).await,
    }
}

/// The source of a run, besides its payload.
#[derive(Default)]
struct Source {
    partition: Option<String>,
    row: Option<OutboxRow>,
    traceparent: Option<Traceparent>,
    reply: OperatorReply,
}

/// Why a message is returned to its queue, and for how long if its job said so.
struct Back {
    problem: Problem,
    after: Option<SignedDuration>,
}

struct Runner<'a> {
    app: &'a Arc<App>,
    entry: &'a JobEntry,
    ends: tokio::time::Instant,
}

impl Runner<'_> {
    fn deadline(&self) -> Duration {
        let left = self.ends.saturating_duration_since(tokio::time::Instant::now());
        deadline(self.entry.job.timeout_s, left)
    }

    async fn scheduled(&self, event: Value) -> Result<Value, Problem> {
        let tick: Tick = serde_json::from_value(event).map_err(Problem::internal)?;
        // An event without an instant was sent by a person: it runs once, now.
        let now = self.app.aws.clock.now().to_string();
        let key = tick.scheduled_time.filter(|at| at.parse::<Timestamp>().is_ok()).unwrap_or(now);
        let lock = Lock { aws: &self.app.aws, job: self.entry.job.name, holder: &key };
        if !lock.take(self.deadline()).await? {
            tracing::info!(job = self.entry.job.name, key, "skipped: another run is in progress");
            metrics::run(self.app.aws.clock.now(), self.entry.job.name, Outcome::Skipped.name(), 0);
            return Ok(Value::Null);
        }
        let ran = self.one(&key, Source::default(), Value::Object(serde_json::Map::new())).await;
        lock.release().await?;
        match ran {
            Ok(()) | Err(JobError::GiveUp(_)) => Ok(Value::Null),
            Err(JobError::Retry { problem, .. }) => Err(problem),
        }
    }

    /// Runs an operator's request, once per invocation, and returns its reply, or the error if it fails.
    async fn operator(&self, payload: Value) -> Result<Value, Problem> {
        let aws = &self.app.aws;
        let key = format!("{}|{}", aws.clock.now(), new_uuid(&aws.clock, &aws.entropy).simple());
        let reply = OperatorReply::default();
        match self.one(&key, Source { reply: reply.clone(), ..Source::default() }, payload).await {
            Ok(()) => Ok(reply.take()),
            Err(JobError::Retry { problem, .. } | JobError::GiveUp(problem)) => Err(problem),
        }
    }

    /// Runs each message separately; those to retry are reported (ReportBatchItemFailures).
    async fn messages(&self, name: &str, event: Value) -> Result<Value, Problem> {
        let batch: Batch<QueueRecord> = serde_json::from_value(event).map_err(Problem::internal)?;
        let mut failures = Vec::new();
        for record in batch.records {
            if let Err(back) = self.message(name, &record.body).await {
                tracing::warn!(message.id = record.message_id, cause = ?back.problem, "message is returned to its queue");
                if let (Some(after), Some(receipt)) = (back.after, &record.receipt_handle) {
                    self.put_back(receipt, after).await;
                }
                failures.push(serde_json::json!({ "itemIdentifier": record.message_id }));
            }
        }
        Ok(serde_json::json!({ "batchItemFailures": failures }))
    }

    /// Sets when a message is redelivered, as its job requested. If that fails, the queue's own timeout applies.
    async fn put_back(&self, receipt: &str, after: SignedDuration) {
        if let Err(problem) = self.app.aws.put_back(self.entry.job.name, receipt, after.as_secs()).await {
            tracing::warn!(cause = ?problem, "a message is redelivered after its queue's own timeout");
        }
    }

    async fn message(&self, name: &str, body: &str) -> Result<(), Back> {
        let back = |problem| Back { problem, after: None };
        // An unreadable message is retried as often as allowed, and then moved to the dead-letter queue.
        let Delivered { partition, envelope } = serde_json::from_str(body).map_err(Problem::internal).map_err(back)?;
        if envelope.name != name {
            return Err(back(Problem::internal(format!("a message {} on the queue of {name}", envelope.name))));
        }
        self.await_instant(envelope.not_before).await;
        let Envelope { id, payload, traceparent, .. } = envelope;
        let source = Source { partition: Some(partition), traceparent, ..Source::default() };
        match self.one(&id, source, payload).await {
            Ok(()) | Err(JobError::GiveUp(_)) => Ok(()),
            Err(JobError::Retry { problem, after }) => Err(Back { problem, after }),
        }
    }

    /// Waits for the fraction of a second that the queue's whole-second delay leaves.
    async fn await_instant(&self, not_before: Option<Timestamp>) {
        let clock = &self.app.aws.clock;
        let early = not_before.map(|at| at.duration_since(clock.now())).filter(|early| early.is_positive());
        if let Some(early) = early.filter(|early| *early <= LONGEST_WAIT) {
            clock.pause(early.unsigned_abs()).await;
        }
    }

    async fn stream(&self, event: Value) -> Result<Value, Problem> {
        let batch: Batch<StreamRecord> = serde_json::from_value(event).map_err(Problem::internal)?;
        let mut failures = Vec::new();
        for record in batch.records {
            let Some(image) = record.dynamodb.new_image.filter(|_| record.event_name == "INSERT") else { continue };
            let row = match read_row(image) {
                Ok(row) => row,
                Err(problem) => {
                    // The sweep will report this row again; it must not block the others.
                    tracing::error!(cause = ?problem, "an outbox row cannot be read");
                    continue;
                }
            };
            let traceparent = row.envelope.traceparent.clone();
            let source = Source { row: Some(row), traceparent, ..Source::default() };
            if let Err(JobError::Retry { .. }) = self.one(&record.event_id, source, Value::Null).await {
                // Everything from the first failure on is delivered again, in order.
                failures.push(serde_json::json!({ "itemIdentifier": record.dynamodb.sequence_number }));
                break;
            }
        }
        Ok(serde_json::json!({ "batchItemFailures": failures }))
    }

    /// One run: record the start, limit the time, catch panics, record the outcome.
    async fn one(&self, key: &str, source: Source, payload: Value) -> Result<(), JobError> {
        let job = self.entry.job.name;
        let aws = &self.app.aws;
        let record = Record { aws, job, key };
        let deadline = self.deadline();
        let began_ms = aws.clock.now().as_millisecond();
        let attempt = match record.begin(deadline).await? {
            Begun::Go(attempt) => attempt,
            Begun::Done => {
                metrics::run(aws.clock.now(), job, Outcome::Skipped.name(), 0);
                return Ok(());
            }
            Begun::Busy => {
                return Err(JobError::retry(Problem::unavailable("another run of this message is in progress")));
            }
        };
        let Source { partition, row, traceparent, reply } = source;
        let trace = traceparent.clone();
        let (cancellation, ended) = Cancellation::on_drop();
        let ends_at = after(aws.clock.now(), SignedDuration::try_from(deadline).unwrap_or(SignedDuration::MAX));
        let context = JobContext::new(attempt, ends_at, cancellation);
        let (app, run_id) = (self.app.clone(), key.to_owned());
        let run = Run { app, function: job, run_id, context, reply, partition, row, traceparent };
        let work = AssertUnwindSafe((self.entry.run)(run, payload)).catch_unwind();
        let result = match tokio::time::timeout(deadline, work).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(JobError::retry(Problem::internal("the job panicked"))),
            Err(_) => Err(JobError::retry(Problem::new(RUN_TIMED_OUT, "The run took too long and was ended."))),
        };
        drop(ended);
        let (outcome, code) = match &result {
            Ok(()) => (Outcome::Done, ""),
            Err(error) if error.problem().code() == "run_timed_out" => (Outcome::TimedOut, "run_timed_out"),
            Err(JobError::Retry { problem, .. }) => (Outcome::Failed, problem.code()),
            Err(JobError::GiveUp(problem)) => (Outcome::GaveUp, problem.code()),
        };
        let ended = aws.clock.now();
        let duration_ms = ended.as_millisecond() - began_ms;
        let traceparent = trace.as_ref().map(Traceparent::as_str);
        match &result {
            Ok(()) => tracing::info!(job, key, duration_ms, traceparent, "run"),
            Err(error) => {
                let (outcome, cause) = (outcome.name(), error.problem());
                tracing::error!(job, key, duration_ms, traceparent, outcome, ?cause, "run");
            }
        }
        metrics::run(ended, job, outcome.name(), duration_ms);
        record.end(outcome, code).await?;
        result
    }
}

/// A row from a stream record's image, which is DynamoDB JSON.
fn read_row(image: Value) -> Result<OutboxRow, Problem> {
    let item: serde_dynamo::Item = serde_json::from_value(image).map_err(Problem::internal)?;
    #[derive(Deserialize)]
    struct Image {
        pk: String,
        e: Envelope,
    }
    let Image { pk, e } = serde_dynamo::from_item(item).map_err(Problem::internal)?;
    Ok(OutboxRow { partition: pk, envelope: e })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_limited_to_five_minutes_and_to_its_functions_timeout() {
        let seconds = Duration::from_secs;
        assert_eq!(deadline(330, seconds(330)), seconds(300));
        assert_eq!(deadline(60, seconds(60)), seconds(58));
        // The second message of a batch has the time that the first one left.
        assert_eq!(deadline(60, seconds(20)), seconds(18));
        assert_eq!(deadline(60, seconds(1)), seconds(0));
        for declared_s in 10..=330 {
            assert!(deadline(declared_s, seconds(declared_s.into())) < seconds(declared_s.into()));
        }
    }
}
