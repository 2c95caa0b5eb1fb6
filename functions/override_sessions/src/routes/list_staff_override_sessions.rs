//! `GET /staff/members/{staff_id}/override-sessions`: lists the override sessions of a member of the staff.

use shared::identity::{OverrideWorkspaces, Staff};
use shared::kernel::ids::StaffId;
use shared::prelude::route::*;
use shared::tenancy::WholeList;

use crate::view::OverrideSessionView;

/// Lists the open and pending sessions that a member of the staff opened, newest first, among their last 100.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListStaffOverrideSessions {
    staff_id: StaffId,
}

pub static FUNCTION: Function = Function::route::<ListStaffOverrideSessions>();

impl Endpoint for ListStaffOverrideSessions {
    const ROUTE: Route = Route::get("list-staff-override-sessions", "/staff/members/{staff_id}/override-sessions");
    const GRANTS: &'static [Grant] = &[Grant::ListOverrides];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "each session is in the partition of its workspace");
    type Access = Staff<OverrideWorkspaces>;
    type Output = Reply<WholeList<OverrideSessionView>>;

    async fn handle(self, staff: &Staff<OverrideWorkspaces>) -> Result<Self::Output, Problem> {
        let sessions = staff.overrides_of(self.staff_id).await?;
        Ok(Reply(WholeList { items: sessions.into_iter().map(Into::into).collect() }))
    }
}
