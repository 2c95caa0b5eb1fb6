//! `GET /staff/workspaces/{workspace_id}`: reads what support needs of a workspace.

use shared::identity::{Staff, WorkspaceOutline};
use shared::kernel::ids::{UserId, WorkspaceId};
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;
use shared::tenancy::Role;

use crate::looked_up;
use crate::permissions::FindCustomers;

/// Reads the plan, the state and the members of a workspace, and nothing that they wrote.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUpWorkspace {
    workspace_id: WorkspaceId,
}

/// A workspace as the staff sees it.
#[derive(Serialize, ToSchema)]
pub struct StaffWorkspaceView {
    id: WorkspaceId,
    #[schema(example = "Northwind Studio")]
    name: String,
    #[schema(example = "studio")]
    plan: String,
    #[schema(example = "us-east-1")]
    region: String,
    #[schema(example = "cell-1")]
    cell: String,
    suspended: bool,
    /// When an owner moved it to the trash.
    #[schema(value_type = Option<String>, format = DateTime)]
    trashed_at: Option<ApiTimestamp>,
    #[schema(value_type = String, format = DateTime)]
    created_at: ApiTimestamp,
    members: Vec<StaffMemberOfWorkspace>,
}

/// A member of a workspace as the staff sees them.
#[derive(Serialize, ToSchema)]
struct StaffMemberOfWorkspace {
    user_id: UserId,
    role: Role,
}

pub static FUNCTION: Function = Function::route::<LookUpWorkspace>();

impl Endpoint for LookUpWorkspace {
    const ROUTE: Route = Route::get("look-up-workspace", "/staff/workspaces/{workspace_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadMembers];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(4, "the look is recorded, and the directory entry and the members are read");
    type Access = Staff<FindCustomers>;
    type Output = Reply<StaffWorkspaceView>;

    async fn handle(self, staff: &Staff<FindCustomers>) -> Result<Self::Output, Problem> {
        looked_up::record(staff, self.workspace_id).await?;
        let outline = staff.outline(self.workspace_id).await?.ok_or_else(Problem::not_found)?;
        let WorkspaceOutline { name, plan, region, cell, suspended, trashed_at, created_at, members } = outline;
        let members = members.into_iter().map(|(user_id, role)| StaffMemberOfWorkspace { user_id, role }).collect();
        Ok(Reply(StaffWorkspaceView {
            id: self.workspace_id,
            name,
            plan,
            region,
            cell,
            suspended,
            trashed_at: trashed_at.map(Into::into),
            created_at: created_at.into(),
            members,
        }))
    }
}
