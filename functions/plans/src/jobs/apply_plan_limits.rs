//! The job `apply-plan-limits`: decides what of a workspace is read-only, after its plan has changed or something that counts
//! against a limit is gone.

use shared::prelude::job::*;
use shared::tenancy::ApplyPlanLimits as PlanLimitsChanged;

use crate::read_only;

#[derive(Deserialize)]
pub struct ApplyPlanLimits {}

pub static FUNCTION: Function = Function::job::<ApplyPlanLimits>();

impl Job for ApplyPlanLimits {
    const JOB: Declaration =
        Declaration::new("apply-plan-limits", Trigger::message::<PlanLimitsChanged>()).timeout_s(60);
    const GRANTS: &'static [Grant] = &[Grant::ReadPlan, Grant::ReadItems, Grant::ChangeDirectory, Grant::WriteItems];
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        match read_only::apply(workspace).await {
            // The workspace was erased in the meantime.
            Err(problem) if problem.status() == 404 => Ok(()),
            applied => Ok(applied?),
        }
    }
}
