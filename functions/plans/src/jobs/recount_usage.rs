//! The job `recount-usage`: every night, compares each counter of use with the things, reports and corrects drift, and
//! decides again what is read-only.
//!
//! Each workspace is due once a night. A run that ends early leaves the others due for the run an hour later.

use serde_json::json;
use shared::kernel::time::{SignedDuration, Timestamp};
use shared::prelude::job::*;
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;
use shared::tenancy::recount::{NextRecount, Recounted};
use shared::tenancy::{AllWorkspaces, Changes};
use shared::work::each_due;

use crate::counted::{Counter, counters};
use crate::read_only;

#[derive(Deserialize)]
pub struct RecountUsage {}

/// Why this job reads every workspace.
pub enum CountsMustBeTrue {}

impl Reason for CountsMustBeTrue {
    const WHY: &'static str = "compares the use of every workspace with the things that it counts";
}

/// A counter differed from the things: a defect, because both change in one transaction.
pub static USAGE_DRIFTED: EventKind = EventKind::operational("usage_drifted", Severity::Warning);
/// A counter changed all the time while it was compared. It is compared again the next night.
pub static USAGE_BUSY: EventKind = EventKind::operational("usage_busy", Severity::Info);

/// No workspace is begun in the last part of a run: the largest takes less.
const RESERVED: SignedDuration = SignedDuration::from_secs(60);

pub static FUNCTION: Function = Function::job::<RecountUsage>();

impl Job for RecountUsage {
    const JOB: Declaration =
        Declaration::new("recount-usage", Trigger::Schedule("cron(20 0-5 * * ? *)")).timeout_s(330);
    const GRANTS: &'static [Grant] =
        &[Grant::ReadDue, Grant::ReadPlan, Grant::ReadItems, Grant::ChangeDirectory, Grant::WriteItems];
    type Access = AllWorkspaces<CountsMustBeTrue>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        each_due(workspaces, workspaces.now(), |workspace, next| recount_all(workspaces, workspace, next)).await
    }
}

/// Recounts one workspace, unless the run is about to end.
async fn recount_all(
    workspaces: &AllWorkspaces<CountsMustBeTrue>,
    workspace: Tenant,
    next: Stored<NextRecount>,
) -> Result<(), Problem> {
    let now = workspaces.now();
    // The index is eventually consistent.
    if !next.is_due(now) || workspaces.context().left(now) < RESERVED {
        return Ok(());
    }
    // What is in the trash may be on its way to be erased: the things go before their counters.
    if workspace.directory().await?.is_trashed() {
        return postpone(&workspace, next, now).await;
    }
    for counter in counters(&workspace) {
        recount(workspaces, &workspace, counter).await?;
    }
    // What became free while nothing was read-only yet, or by a change of an owner, sends no message.
    read_only::apply(&workspace).await?;
    postpone(&workspace, next, now).await
}

async fn postpone(workspace: &Tenant, next: Stored<NextRecount>, now: Timestamp) -> Result<(), Problem> {
    let changes = Changes::default().replace(&next.postponed(now)).unaudited("bookkeeping of the job");
    workspace.commit_if_unchanged(changes).await?;
    Ok(())
}

/// The drift is reported before it is corrected, so that a crash in between repeats the report.
async fn recount(
    workspaces: &AllWorkspaces<CountsMustBeTrue>,
    workspace: &Tenant,
    counter: Counter,
) -> Result<(), Problem> {
    let (recounted, correction) = counter.recount(workspace).await?;
    let (limit, period) = (counter.limit.name(), counter.period.map(|period| period.to_string()));
    let key = format!("{}#{limit}#{}", workspace.id(), period.as_deref().unwrap_or_default());
    match recounted {
        Recounted::Exact => return Ok(()),
        Recounted::Drifted(drift) => {
            let detail = json!({ "limit": limit, "period": period, "counted": drift.counted, "found": drift.found });
            workspaces.emit(Occurrence::of(&USAGE_DRIFTED, workspace.id()).detail(detail).once(key)).await?;
        }
        Recounted::Busy => {
            let detail = json!({ "limit": limit, "period": period });
            workspaces.emit(Occurrence::of(&USAGE_BUSY, workspace.id()).detail(detail).once(key)).await?;
        }
    }
    if let Some(correction) = correction {
        workspace.correct(correction).await?;
    }
    Ok(())
}
