//! The job `set-override`: an operator sets or removes an exception from a workspace's plan.

use serde_json::json;
use shared::kernel::ids::WorkspaceId;
use shared::kernel::time::Timestamp;
use shared::prelude::job::*;
use shared::tenancy::overrides::MOST_OVERRIDES;
use shared::tenancy::{ApplyPlanLimits, Changes, NamedWorkspaces, Override, OverrideValue, PlanOverride};

use crate::audit_actions::{OVERRIDE_APPLIED, OVERRIDE_REMOVED};
use crate::setting_override::{OverrideError, checked};

/// `{"workspace_id", "set": {"name", "value", "reason", "expires_at"}}` or `{"workspace_id", "remove": {"name"}}`. The
/// workspace's members see the reason in their audit log.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetOverride {
    workspace_id: WorkspaceId,
    #[serde(flatten)]
    change: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Set { name: String, value: OverrideValue, reason: String, expires_at: Timestamp },
    Remove { name: String },
}

/// Why this job changes a workspace.
pub enum AgreedWithTheCustomer {}

impl Reason for AgreedWithTheCustomer {
    const WHY: &'static str = "an operator agreed on an exception from the plan with the customer";
}

pub static FUNCTION: Function = Function::job::<SetOverride>();

impl Job for SetOverride {
    const JOB: Declaration = Declaration::new("set-override", Trigger::Operator);
    const GRANTS: &'static [Grant] = &[Grant::ReadPlan, Grant::ChangeDirectory, Grant::ReadItems, Grant::WriteItems];
    type Access = NamedWorkspaces<AgreedWithTheCustomer>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        let workspace = workspaces.enter(self.workspace_id);
        match self.change {
            Change::Set { name, value, reason, expires_at } => {
                set(&workspace, checked(&name, value, &reason, expires_at, workspaces.now())?).await?;
            }
            Change::Remove { name } => remove(&workspace, &name).await?,
        }
        Ok(())
    }
}

/// The condition on the directory entry also orders concurrent changes of the records.
async fn set(workspace: &Tenant, record: PlanOverride) -> Result<(), Problem> {
    let directory = workspace.directory().await?;
    let overrides = directory.overrides().clone();
    let (value, expires_at) = (record.value, record.expires_at);
    let known = workspace.find::<PlanOverride>(&record.name).await?;
    if known.is_some_and(|known| (known.value, &known.reason, known.expires_at) == (value, &record.reason, expires_at))
    {
        return Ok(());
    }
    let overrides = overrides.with(&record.name, Override { value, expires_at });
    if overrides.len() > MOST_OVERRIDES {
        return Err(OverrideError::TooMany.into());
    }
    let detail = json!({ "name": record.name, "value": value, "reason": record.reason, "expires_at": expires_at });
    let changes = Changes::default().overwrite(&record).audit(&OVERRIDE_APPLIED, workspace.id()).detail(detail);
    let changes = changes.send(&ApplyPlanLimits {});
    directory.change().overrides(&overrides).commit(changes).await
}

async fn remove(workspace: &Tenant, name: &str) -> Result<(), Problem> {
    let directory = workspace.directory().await?;
    if directory.overrides().get(name).is_none() {
        return Err(OverrideError::NotSet.into());
    }
    let overrides = directory.overrides().clone().without(name);
    let changes = Changes::default().forget::<PlanOverride>(name);
    let changes = changes.audit(&OVERRIDE_REMOVED, workspace.id()).detail(json!({ "name": name }));
    let changes = changes.send(&ApplyPlanLimits {});
    directory.change().overrides(&overrides).commit(changes).await
}
