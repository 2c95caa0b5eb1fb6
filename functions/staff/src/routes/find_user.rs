//! `POST /staff/users/find`: finds a user by their email address.

use accounts::address::Address;
use mail::EmailAddress;
use shared::identity::{AccountKey, Staff};
use shared::prelude::route::*;

use crate::looked_up;
use crate::permissions::FindCustomers;
use crate::user_view::StaffUserView;

/// Finds a user by their exact email address. The address is in the body, because URLs are logged on their way. 404 if no
/// user has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindUser {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<FindUser>();

impl Endpoint for FindUser {
    const ROUTE: Route = Route::post("find-user", "/staff/users/find");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadAddresses, Grant::ReadUserRecords, Grant::ReadSessions, Grant::ReadMembers];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(10, "the address, the user, their factors, sessions, history and memberships are read");
    type Access = Staff<FindCustomers>;
    type Output = Reply<StaffUserView>;

    async fn handle(self, staff: &Staff<FindCustomers>) -> Result<Self::Output, Problem> {
        let key = AccountKey::email(self.email.as_str());
        let owner = staff.find::<Address>(&key).await?.and_then(|address| address.owner());
        // A search without a result tells something, too.
        let digest = || AccountKey::email_digest(self.email.as_str());
        looked_up::record(staff, owner.map_or_else(digest, |owner| owner.to_string())).await?;
        let owner = owner.ok_or_else(Problem::not_found)?;
        StaffUserView::of(staff, owner).await?.map(Reply).ok_or_else(Problem::not_found)
    }
}
