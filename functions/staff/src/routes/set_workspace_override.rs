//! `POST /staff/workspaces/{workspace_id}/overrides`: sets an exception from a workspace's plan.

use plans::audit_actions::OVERRIDE_APPLIED;
use plans::setting_override::{OVERRIDE_INVALID, checked, setting};
use serde_json::json;
use shared::identity::StaffWorkspace;
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;
use shared::tenancy::{OverrideValue, PlanOverride};
use utoipa::openapi::schema::OneOfBuilder;
use utoipa::openapi::{ObjectBuilder, Schema, Type};

use crate::permissions::SetOverrides;
use crate::reason::ShownReason;
use crate::support_action::occurrence;

/// Sets what a workspace has differently from its plan: whether it has a feature, or the value of a limit. It applies from the
/// workspace's next request until it expires, and replaces an earlier one of the same name.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetWorkspaceOverride {
    /// A feature or a limit.
    #[schema(example = "members")]
    name: String,
    #[schema(schema_with = value_schema)]
    value: OverrideValue,
    reason: ShownReason,
    /// At most 366 days ahead.
    #[schema(value_type = String, format = DateTime)]
    expires_at: ApiTimestamp,
}

pub static FUNCTION: Function = Function::route::<SetWorkspaceOverride>();

impl Endpoint for SetWorkspaceOverride {
    const ROUTE: Route = Route::post("set-workspace-override", "/staff/workspaces/{workspace_id}/overrides");
    const GRANTS: &'static [Grant] =
        &[Grant::ProveStaff, Grant::ReadPlan, Grant::ChangeDirectory, Grant::GetItems, Grant::WriteItems];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the directory entry and the override are read");
    const PROBLEMS: &'static [ProblemCode] = &[OVERRIDE_INVALID];
    type Access = StaffWorkspace<SetOverrides>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let reason = self.reason.into_text();
        let record = checked(&self.name, self.value, &reason, self.expires_at.instant(), workspace.now())?;
        let directory = workspace.directory().await?;
        let known = workspace.find::<PlanOverride>(&record.name).await?;
        let Some((overrides, audited)) = setting(&directory, known.as_deref(), &record)? else { return Ok(NoContent) };
        let PlanOverride { name, value, reason, expires_at, .. } = &record;
        let detail = json!({ "name": name, "value": value, "reason": reason, "expires_at": expires_at });
        let set = occurrence(workspace, OVERRIDE_APPLIED.name(), &detail);
        workspace.change(directory.change().overrides(&overrides), audited, set).await?;
        Ok(NoContent)
    }
}

fn value_schema() -> Schema {
    let (feature, limit) =
        (ObjectBuilder::new().schema_type(Type::Boolean), ObjectBuilder::new().schema_type(Type::Integer));
    let described = "`true` or `false` for a feature, a whole number for a limit.";
    OneOfBuilder::new().item(feature).item(limit.minimum(Some(0))).description(Some(described)).examples([25]).into()
}
