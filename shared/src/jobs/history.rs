//! The history of runs, which also prevents handling a message twice.
//!
//! One record per run in System, `RUN#<job>#<shard>` / `<key>`: the key is the message's id, the schedule's instant or
//! the batch's first event. It is written before the work and after it.

use std::time::Duration;

use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use crate::aws::grants::Table;
use crate::aws::{Aws, failed};
use crate::crypto::digest::sha256;
use crate::kernel::ids::new_uuid;
use crate::kernel::problems::Problem;
use crate::table::item::{Item, integer, number, string, text};

/// How long a run's record is kept (the longest default of claim 52).
const KEPT_FOR_S: i64 = 400 * 24 * 60 * 60;
/// Margin after the deadline, in case the end is recorded late: a run that may still be alive must not be taken over.
const LEASE_MARGIN: Duration = Duration::from_secs(10);

/// Shards of the runs of one job.
pub(super) const SHARDS: u8 = 16;

pub(super) fn partition(job: &str, shard: u8) -> String {
    format!("RUN#{job}#{shard:x}")
}

/// Whether a run may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// Yes, with the number of this attempt.
    Go(u32),
    /// No: an earlier run has completed.
    Done,
    /// No: another run is in progress.
    Busy,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Failed,
    GaveUp,
    TimedOut,
    Skipped,
}

impl Outcome {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::GaveUp => "gave_up",
            Self::TimedOut => "timed_out",
            Self::Skipped => "skipped",
        }
    }
}

/// The record of one run.
pub(crate) struct Record<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) job: &'static str,
    pub(crate) key: &'a str,
}

impl Record<'_> {
    fn partition(&self) -> String {
        partition(self.job, sha256(self.key.as_bytes())[0] % SHARDS)
    }

    /// Leases the run until its deadline, unless it is done, given up or in progress.
    pub(crate) async fn begin(&self, deadline: Duration) -> Result<Begun, Problem> {
        let now_ms = self.aws.clock.now().as_millisecond();
        let lease = deadline + LEASE_MARGIN;
        let lease_ends_ms = now_ms + i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
        let write_id = new_uuid(&self.aws.clock, &self.aws.entropy).simple().to_string();
        let answer = self
            .aws
            .dynamodb()
            .update_item()
            .table_name(Table::System.name(&self.aws.config.tables))
            .key("pk", text(self.partition()))
            .key("sk", text(self.key))
            .update_expression(
                "SET #state = :running, began_ms = :now, lease_ends_ms = :lease, w = :w, #ttl = :ttl, job = :job \
                 ADD attempts :one REMOVE ended_ms, code",
            )
            .condition_expression(
                "attribute_not_exists(pk) OR (NOT #state IN (:done, :gave_up) AND lease_ends_ms <= :now)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":running", text("running"))
            .expression_attribute_values(":done", text(Outcome::Done.name()))
            .expression_attribute_values(":gave_up", text(Outcome::GaveUp.name()))
            .expression_attribute_values(":now", number(now_ms))
            .expression_attribute_values(":lease", number(lease_ends_ms))
            .expression_attribute_values(":w", text(&write_id))
            .expression_attribute_values(":ttl", number(now_ms / 1000 + KEPT_FOR_S))
            .expression_attribute_values(":job", text(self.job))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::UpdatedNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(written) => Ok(Begun::Go(tries(&written.attributes.unwrap_or_default()))),
            Err(error) => {
                use aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException;
                match error.as_service_error() {
                    Some(ConditionalCheckFailedException(refused)) => {
                        Ok(judge(refused.item.as_ref().unwrap_or(&Item::new()), &write_id))
                    }
                    _ => Err(failed("dynamodb:UpdateItem", error)),
                }
            }
        }
    }

    /// Records the outcome of the run, and releases a failed one immediately.
    pub(crate) async fn end(&self, outcome: Outcome, code: &str) -> Result<(), Problem> {
        let now_ms = self.aws.clock.now().as_millisecond();
        self.aws
            .dynamodb()
            .update_item()
            .table_name(Table::System.name(&self.aws.config.tables))
            .key("pk", text(self.partition()))
            .key("sk", text(self.key))
            .update_expression("SET #state = :state, ended_ms = :now, lease_ends_ms = :zero, code = :code")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", text(outcome.name()))
            .expression_attribute_values(":now", number(now_ms))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":code", text(code))
            .send()
            .await
            .map(drop)
            .map_err(|error| failed("dynamodb:UpdateItem", error))
    }
}

fn tries(record: &Item) -> u32 {
    integer(record, "attempts").and_then(|tries| tries.try_into().ok()).unwrap_or(1)
}

fn judge(found: &Item, write_id: &str) -> Begun {
    // The response to our own write was lost, and the SDK's retry found that write.
    if string(found, "w") == Some(write_id) {
        return Begun::Go(tries(found));
    }
    match string(found, "state") {
        Some("done" | "gave_up") => Begun::Done,
        _ => Begun::Busy,
    }
}

/// The lock of a scheduled job: one run at a time, for all keys.
pub(crate) struct Lock<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) job: &'static str,
    pub(crate) holder: &'a str,
}

impl Lock<'_> {
    /// Takes the lock. False if another holder's lease has not ended.
    pub(crate) async fn take(&self, deadline: Duration) -> Result<bool, Problem> {
        let now_ms = self.aws.clock.now().as_millisecond();
        let lease = deadline + LEASE_MARGIN;
        let ends_ms = now_ms + i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
        let answer = self
            .aws
            .dynamodb()
            .update_item()
            .table_name(Table::System.name(&self.aws.config.tables))
            .key("pk", text(format!("LOCK#{}", self.job)))
            .key("sk", text("-"))
            .update_expression("SET holder = :holder, lease_ends_ms = :ends")
            .condition_expression("attribute_not_exists(pk) OR lease_ends_ms <= :now OR holder = :holder")
            .expression_attribute_values(":holder", text(self.holder))
            .expression_attribute_values(":ends", number(ends_ms))
            .expression_attribute_values(":now", number(now_ms))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) => {
                use aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException;
                match error.as_service_error() {
                    Some(ConditionalCheckFailedException(_)) => Ok(false),
                    _ => Err(failed("dynamodb:UpdateItem", error)),
                }
            }
        }
    }

    /// Releases the lock, if it is still ours.
    pub(crate) async fn release(&self) -> Result<(), Problem> {
        let answer = self
            .aws
            .dynamodb()
            .delete_item()
            .table_name(Table::System.name(&self.aws.config.tables))
            .key("pk", text(format!("LOCK#{}", self.job)))
            .key("sk", text("-"))
            .condition_expression("attribute_not_exists(pk) OR holder = :holder")
            .expression_attribute_values(":holder", text(self.holder))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => {
                use aws_sdk_dynamodb::operation::delete_item::DeleteItemError::ConditionalCheckFailedException;
                match error.as_service_error() {
                    Some(ConditionalCheckFailedException(_)) => Ok(()),
                    _ => Err(failed("dynamodb:DeleteItem", error)),
                }
            }
        }
    }
}
