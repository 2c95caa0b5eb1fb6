//! The job `report-inactive-members`: every month, tells the admins of each workspace who has not signed in for 60 days.
//!
//! Each workspace is due 30 days after its last report. The letters are in one transaction with the next due instant.

use mail::MailUser;
use shared::kernel::time::SignedDuration;
use shared::prelude::job::*;
use shared::table::Stored;
use shared::tenancy::{AllWorkspaces, Changes};
use shared::work::{ROOM, each_due};

use crate::inactivity::{self, NextReport};
use crate::letters::inactive_members;

#[derive(Deserialize)]
pub struct ReportInactiveMembers {}

/// Why this job reads every workspace.
pub enum AdminsReviewAccess {}

impl Reason for AdminsReviewAccess {
    const WHY: &'static str =
        "tells admins which members no longer sign in, so that they end access that is not needed";
}

/// No workspace is begun in the last part of a run: the largest takes less.
const RESERVED: SignedDuration = SignedDuration::from_secs(60);

pub static FUNCTION: Function = Function::job::<ReportInactiveMembers>();

impl Job for ReportInactiveMembers {
    const JOB: Declaration =
        Declaration::new("report-inactive-members", Trigger::Schedule("rate(1 hour)")).timeout_s(330);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadDue,
        Grant::ReadPlan,
        Grant::ReadItems,
        Grant::WriteItems,
        Grant::ReadUserRecords,
        Grant::DeriveKeys,
    ];
    type Access = AllWorkspaces<AdminsReviewAccess>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        each_due(workspaces, workspaces.now(), |workspace, next| report(workspaces, workspace, next)).await
    }
}

async fn report(
    workspaces: &AllWorkspaces<AdminsReviewAccess>,
    workspace: Tenant,
    next: Stored<NextReport>,
) -> Result<(), Problem> {
    let now = workspaces.now();
    // The index is eventually consistent.
    if !next.is_due(now) || workspaces.context().left(now) < RESERVED {
        return Ok(());
    }
    let directory = workspace.directory().await?;
    let changes = Changes::default().replace(&next.postponed(now)).unaudited("which letters were sent is bookkeeping");
    if directory.is_trashed() || directory.is_suspended() {
        workspace.commit_if_unchanged(changes).await?;
        return Ok(());
    }
    let found = inactivity::look_through(&workspace).await?;
    let letter = inactive_members(directory.name(), found.count, &found.names);
    // A workspace with more admins than fit into a transaction has enough who are told.
    let told = found.admins.iter().filter(|_| found.count > 0).take(ROOM as usize);
    workspace.commit_if_unchanged(changes.mail_to_each(told.map(|admin| admin.user), &letter)).await?;
    Ok(())
}
