//! `POST /auth/logout`: ends the caller's session and invalidates its tokens.

use shared::identity::{AccountChanges, AccountKey};
use shared::prelude::route::*;

use crate::session::SessionRecord;

/// Signs out: ends the session of the access token and invalidates its refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Logout {}

pub static FUNCTION: Function = Function::route::<Logout>();

impl Endpoint for Logout {
    const ROUTE: Route = Route::post("logout", "/auth/logout");
    const GRANTS: &'static [Grant] = &[Grant::DeleteUserRecords, Grant::DeleteSessions];
    type Access = SignedIn;
    type Output = NoContent;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let (accounts, user) = (caller.accounts(), caller.user());
        let changes = AccountChanges::default().close_session(user, caller.session());
        accounts.commit(changes.forget::<SessionRecord>(&AccountKey::User(user), &caller.session())).await?;
        Ok(NoContent)
    }
}
