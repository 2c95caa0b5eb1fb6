//! `GET /staff/users/{user_id}`: reads what support needs of a user.

use shared::identity::Staff;
use shared::kernel::ids::UserId;
use shared::prelude::route::*;

use crate::looked_up;
use crate::permissions::FindCustomers;
use crate::user_view::StaffUserView;

/// Reads how a user signs in and where they are a member, and nothing that they wrote.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookUpUser {
    user_id: UserId,
}

pub static FUNCTION: Function = Function::route::<LookUpUser>();

impl Endpoint for LookUpUser {
    const ROUTE: Route = Route::get("look-up-user", "/staff/users/{user_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::ReadSessions, Grant::ReadMembers];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(9, "the user, their factors, sessions, history and memberships are read");
    type Access = Staff<FindCustomers>;
    type Output = Reply<StaffUserView>;

    async fn handle(self, staff: &Staff<FindCustomers>) -> Result<Self::Output, Problem> {
        looked_up::record(staff, self.user_id).await?;
        StaffUserView::of(staff, self.user_id).await?.map(Reply).ok_or_else(Problem::not_found)
    }
}
