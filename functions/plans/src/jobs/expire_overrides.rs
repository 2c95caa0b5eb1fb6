//! The job `expire-overrides`: every hour, removes the overrides of plans that have expired.
//!
//! An expired override has no effect even before: admission compares its expiry with the clock.

use serde_json::json;
use shared::kernel::problem_codes::MODIFIED_CONCURRENTLY;
use shared::prelude::job::*;
use shared::table::Stored;
use shared::tenancy::{AllWorkspaces, ApplyPlanLimits, Changes, PlanOverride};
use shared::work::{contend, each_due};

use crate::audit_actions::OVERRIDE_EXPIRED;

#[derive(Deserialize)]
pub struct ExpireOverrides {}

/// Why this job reads every workspace.
pub enum OverridesAreDue {}

impl Reason for OverridesAreDue {
    const WHY: &'static str = "removes the overrides of plans that have expired";
}

pub static FUNCTION: Function = Function::job::<ExpireOverrides>();

impl Job for ExpireOverrides {
    const JOB: Declaration = Declaration::new("expire-overrides", Trigger::Schedule("rate(1 hour)")).timeout_s(300);
    const GRANTS: &'static [Grant] =
        &[Grant::ReadDue, Grant::ReadItems, Grant::ReadPlan, Grant::ChangeDirectory, Grant::WriteItems];
    type Access = AllWorkspaces<OverridesAreDue>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        each_due(workspaces, workspaces.now(), expire).await
    }
}

async fn expire(workspace: Tenant, record: Stored<PlanOverride>) -> Result<(), Problem> {
    // Overrides of one workspace that expire at the same time conflict on its directory entry.
    contend(MODIFIED_CONCURRENTLY.code, || remove(&workspace, &record.name)).await
}

async fn remove(workspace: &Tenant, name: &str) -> Result<(), Problem> {
    // The index is eventually consistent: the override may have been set again.
    let record = workspace.find::<PlanOverride>(name).await?;
    let Some(record) = record.filter(|record| record.expires_at <= workspace.now()) else { return Ok(()) };
    let directory = workspace.directory().await?;
    let overrides = directory.overrides().clone().without(&record.name);
    let changes = Changes::default().delete(&record).audit(&OVERRIDE_EXPIRED, workspace.id());
    let changes = changes.detail(json!({ "name": record.name })).send(&ApplyPlanLimits {});
    directory.change().overrides(&overrides).commit(changes).await
}
