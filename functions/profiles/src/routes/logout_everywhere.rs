//! `POST /auth/logout-everywhere`: ends every session of the caller.

use shared::identity::AccountChanges;
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};

pub static SIGNED_OUT_EVERYWHERE: EventKind = EventKind::security("signed_out_everywhere", Severity::Info);

/// Ends every session of the caller, including the current one. Personal access tokens stay valid; revoke each at
/// `DELETE /me/access-tokens/{token_id}`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogoutEverywhere {}

pub static FUNCTION: Function = Function::route::<LogoutEverywhere>();

impl Endpoint for LogoutEverywhere {
    const ROUTE: Route = Route::post("logout-everywhere", "/auth/logout-everywhere");
    const GRANTS: &'static [Grant] = &[Grant::WriteSessions];
    type Access = SignedIn;
    type Output = NoContent;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let (accounts, user) = (caller.accounts(), caller.user());
        let changes = AccountChanges::default().revoke_sessions(user, caller.epoch());
        // A refusal means that a concurrent request ended all sessions.
        let _revoked = accounts.try_commit(changes.event(Occurrence::of(&SIGNED_OUT_EVERYWHERE, user))).await?;
        Ok(NoContent)
    }
}
