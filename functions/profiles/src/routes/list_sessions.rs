//! `GET /me/sessions`: lists the caller's sessions, most recently used first.

use shared::prelude::route::*;
use sign_in::client::Client;
use sign_in::session::{AuthMethod, SessionRecord};
use std::cmp::Reverse;

use shared::identity::AccountKey;
use shared::kernel::ids::SessionId;
use shared::kernel::time::ApiTimestamp;
use shared::tenancy::WholeList;

/// Lists the caller's active sessions, most recently used first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSessions {}

/// A session, as shown to its user.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    id: SessionId,
    /// Whether it is the session of this request.
    current: bool,
    /// How it was opened.
    method: AuthMethod,
    #[schema(value_type = String, format = DateTime)]
    started_at: ApiTimestamp,
    /// When it was opened or last refreshed.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: ApiTimestamp,
    /// When it ends unless it is refreshed.
    #[schema(value_type = String, format = DateTime)]
    idle_ends_at: ApiTimestamp,
    /// When it ends at the latest.
    #[schema(value_type = String, format = DateTime)]
    ends_at: ApiTimestamp,
    /// The client that opened it.
    client: Client,
}

impl SessionView {
    fn of(record: &SessionRecord, current: SessionId) -> Self {
        let SessionRecord { session, method, started_at, last_used_at, idle_ends_at, ends_at, ref client, .. } =
            *record;
        let (current, client) = (session == current, client.clone());
        let [started_at, last_used_at, idle_ends_at, ends_at] =
            [started_at, last_used_at, idle_ends_at, ends_at].map(ApiTimestamp::from);
        Self { id: session, current, method, started_at, last_used_at, idle_ends_at, ends_at, client }
    }
}

pub static FUNCTION: Function = Function::route::<ListSessions>();

impl Endpoint for ListSessions {
    const ROUTE: Route = Route::get("list-sessions", "/me/sessions");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords];
    type Access = SignedIn;
    // One page: sessions end after 12 hours without use.
    type Output = Reply<WholeList<SessionView>>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let (accounts, user, now) = (caller.accounts(), caller.user(), caller.accounts().now());
        let epoch = caller.epoch();
        let mut sessions = accounts.list::<SessionRecord>(&AccountKey::User(user)).await?;
        // The record of a session that was revoked with all others stays until its idle timeout.
        sessions.retain(|session| session.epoch == epoch && now < session.idle_ends_at);
        sessions.sort_by_key(|session| Reverse(session.last_used_at));
        let items = sessions.iter().map(|session| SessionView::of(session, caller.session())).collect();
        Ok(Reply(WholeList { items }))
    }
}
