//! The job `set-override`: an operator sets or removes an exception from a workspace's plan.

use shared::kernel::ids::WorkspaceId;
use shared::kernel::time::Timestamp;
use shared::prelude::job::*;
use shared::tenancy::{NamedWorkspaces, OverrideValue, PlanOverride};

use crate::setting_override::{checked, removing, setting};

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

async fn set(workspace: &Tenant, record: PlanOverride) -> Result<(), Problem> {
    let directory = workspace.directory().await?;
    let known = workspace.find::<PlanOverride>(&record.name).await?;
    let Some((overrides, audited)) = setting(&directory, known.as_deref(), &record)? else { return Ok(()) };
    directory.change().overrides(&overrides).commit(audited).await
}

async fn remove(workspace: &Tenant, name: &str) -> Result<(), Problem> {
    let directory = workspace.directory().await?;
    let (overrides, audited) = removing(&directory, name)?;
    directory.change().overrides(&overrides).commit(audited).await
}
