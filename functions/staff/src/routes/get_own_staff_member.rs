//! `GET /staff/me`: reads who the caller is on the staff.

use accounts::PersonName;
use mail::EmailAddress;
use shared::identity::{AccountKey, Staff, StaffRole};
use shared::kernel::ids::StaffId;
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;

use crate::member::StaffMember;
use crate::permissions::UseConsole;

/// Reads who the caller is on the staff, with their roles and the end of their session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetOwnStaffMember {}

/// The caller.
#[derive(Serialize, ToSchema)]
pub struct OwnStaffMember {
    id: StaffId,
    email: EmailAddress,
    name: PersonName,
    roles: Vec<StaffRole>,
    #[schema(value_type = String, format = DateTime)]
    session_ends_at: ApiTimestamp,
}

pub static FUNCTION: Function = Function::route::<GetOwnStaffMember>();

impl Endpoint for GetOwnStaffMember {
    const ROUTE: Route = Route::get("get-own-staff-member", "/staff/me");
    const GRANTS: &'static [Grant] = &[Grant::ReadStaff];
    type Access = Staff<UseConsole>;
    type Output = Reply<OwnStaffMember>;

    async fn handle(self, staff: &Staff<UseConsole>) -> Result<Self::Output, Problem> {
        let member = staff.find::<StaffMember>(&AccountKey::Staff(staff.id())).await?;
        let member = member.ok_or_else(Problem::not_found)?.into_inner();
        let StaffMember { id, email, name, .. } = member;
        let (roles, session_ends_at) = (staff.roles().to_vec(), staff.session_ends_at().into());
        Ok(Reply(OwnStaffMember { id, email, name, roles, session_ends_at }))
    }
}
