//! `DELETE /me/sessions/{session_id}`: ends one of the caller's sessions, including the current one.

use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::ids::SessionId;
use shared::prelude::route::*;
use sign_in::session::SessionRecord;

/// Ends one of the caller's sessions, including the current one: its access token and its refresh token are refused
/// from the next request on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeSession {
    session_id: SessionId,
}

pub static FUNCTION: Function = Function::route::<RevokeSession>();

impl Endpoint for RevokeSession {
    const ROUTE: Route = Route::delete("revoke-session", "/me/sessions/{session_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::DeleteUserRecords, Grant::DeleteSessions];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the session is read: another user's is not found");
    type Access = SignedIn;
    type Output = NoContent;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let (accounts, key) = (caller.accounts(), AccountKey::User(caller.user()));
        // It is stored under the caller's id, so another user's session is not found.
        let session = accounts.find_part::<SessionRecord>(&key, &self.session_id).await?;
        let SessionRecord { user, session, .. } = **session.as_ref().ok_or_else(Problem::not_found)?;
        // This also ends a session that is refreshed concurrently: all its tokens depend on the proof.
        let changes = AccountChanges::default().close_session(user, session);
        accounts.commit(changes.forget::<SessionRecord>(&key, &session)).await?;
        Ok(NoContent)
    }
}
