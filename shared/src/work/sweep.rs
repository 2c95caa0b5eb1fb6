//! Sweeps: handles every due entity of all workspaces, each independently.

use std::future::Future;

use super::run::{Run, WorkError};
use crate::config::Sending;
use crate::jobs::JobError;
use crate::kernel::problems::{Problem, Refusal};
use crate::kernel::time::{SignedDuration, Timestamp};
use crate::table::{Entity, Stored};
use crate::tenancy::all_workspaces::DueEntry;
use crate::tenancy::{AllWorkspaces, Changes, Reason, Tenant};

/// Concurrent entities: each takes two or three calls of some milliseconds.
const AT_ONCE: usize = 16;

/// Passes every entity that is due by then to `sweep`, in its own workspace. The index is read from its beginning each
/// time, so that the sweep catches up after an outage. A failing entity blocks no other and stays due; the run reports
/// the failure.
pub async fn each_due<E, R, F>(
    workspaces: &AllWorkspaces<R>,
    until: Timestamp,
    sweep: impl Fn(Tenant, Stored<E>) -> F + Send + Sync,
) -> Result<(), JobError>
where
    E: Entity,
    R: Reason,
    F: Future<Output = Result<(), Problem>> + Send,
{
    let due = workspaces.due::<E>(until).await?;
    let mut failures = Vec::new();
    for entries in due.chunks(AT_ONCE) {
        let swept = entries.iter().map(async |entry: &DueEntry| {
            // The index lags behind the table: a missing entity has been deleted.
            match workspaces.enter::<E>(entry).await? {
                (tenant, Some(found)) => sweep(tenant, found).await,
                (_, None) => Ok(()),
            }
        });
        failures.extend(futures::future::join_all(swept).await.into_iter().filter_map(Result::err));
    }
    for failure in &failures {
        tracing::error!(cause = ?failure, kind = E::KIND, "a due entity could not be swept");
    }
    failures.into_iter().next().map_or(Ok(()), |first| Err(JobError::retry(first)))
}

/// Resends steps whose messages were lost or whose functions died. A sweeping job does only this, every minute.
pub async fn sweep<R: Reason>(workspaces: &AllWorkspaces<R>) -> Result<(), JobError> {
    if workspaces.sending() == Sending::Off {
        return Ok(());
    }
    each_due(workspaces, workspaces.now(), take_up).await
}

async fn take_up(tenant: Tenant, mut run: Stored<Run>) -> Result<(), Problem> {
    let now = tenant.now();
    if run.is_ended() || run.lease_until > now {
        return Ok(());
    }
    let lost = Problem::unavailable("the message of a step was lost, or its function died");
    run.fail_try(&lost, SignedDuration::ZERO, now);
    match Run::commit(&tenant, &run, Changes::default().unaudited("a lost step only changes the run")).await {
        Err(problem) if problem.code() == WorkError::MovedOn.code() => Ok(()),
        committed => committed,
    }
}
