//! `DELETE /me/email`: cancels a pending change of the email address, for example to a mistyped one.

use shared::identity::{AccountChanges, AccountKey};
use shared::prelude::route::*;

use crate::email_change::EmailChange;

/// Cancels the pending change of the email address, if there is one, and invalidates its link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelEmailChange {}

pub static FUNCTION: Function = Function::route::<CancelEmailChange>();

impl Endpoint for CancelEmailChange {
    const ROUTE: Route = Route::delete("cancel-email-change", "/me/email");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::DeleteUserRecords];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the pending change is read");
    type Access = SignedIn;
    type Output = NoContent;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        if let Some(change) = accounts.find::<EmailChange>(&AccountKey::User(caller.user())).await? {
            accounts.commit(AccountChanges::default().delete(&change)).await?;
        }
        Ok(NoContent)
    }
}
