//! `POST /staff/sign-out`: ends the caller's session of the staff.

use shared::identity::{AccountChanges, Staff};
use shared::prelude::route::*;

use crate::permissions::UseConsole;

/// Ends the caller's session; its token is invalid at once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOutStaff {}

pub static FUNCTION: Function = Function::route::<SignOutStaff>();

impl Endpoint for SignOutStaff {
    const ROUTE: Route = Route::post("sign-out-staff", "/staff/sign-out");
    const GRANTS: &'static [Grant] = &[Grant::DeleteStaff];
    type Access = Staff<UseConsole>;
    type Output = NoContent;

    async fn handle(self, staff: &Staff<UseConsole>) -> Result<Self::Output, Problem> {
        staff.commit(AccountChanges::default().close_staff_session(staff.id(), staff.session())).await?;
        Ok(NoContent)
    }
}
