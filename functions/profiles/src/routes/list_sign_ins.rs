//! `GET /me/sign-ins`: lists the caller's login history, newest first.

use shared::identity::AccountKey;
use shared::kernel::ids::SessionId;
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;
use shared::tenancy::{Listing, Page, PageLimit};
use sign_in::client::Client;
use sign_in::history::{AuthMethod, SignIn, SignInId, SignInOutcome};

/// Lists the caller's sign-ins and failed attempts of the last 90 days, newest first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSignIns {
    /// Entries per page; 50 by default.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

/// A sign-in or failed attempts, as shown to the user.
#[derive(Serialize, ToSchema)]
pub struct SignInView {
    id: SignInId,
    #[schema(value_type = String, format = DateTime)]
    at: ApiTimestamp,
    method: AuthMethod,
    outcome: SignInOutcome,
    client: Client,
    /// The session that it opened, which may have ended since, or in which the attempt was made.
    session_id: Option<SessionId>,
    /// The number of attempts: wrong passwords within one hour share an entry, with the time and client of the last
    /// one. All attempts during one delay count as one.
    times: u32,
}

impl From<&SignIn> for SignInView {
    fn from(sign_in: &SignIn) -> Self {
        let SignIn { id, at, method, outcome, ref client, session: session_id, times, .. } = *sign_in;
        Self { id, at: at.into(), method, outcome, client: client.clone(), session_id, times }
    }
}

pub static FUNCTION: Function = Function::route::<ListSignIns>();

impl Endpoint for ListSignIns {
    const ROUTE: Route = Route::get("list-sign-ins", "/me/sign-ins");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::DeriveKeys];
    type Access = SignedIn;
    type Output = Reply<Listing<SignInView>>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: true };
        let key = AccountKey::User(caller.user());
        let sign_ins = caller.accounts().page::<SignIn>(&key, Self::ROUTE.name, &page).await?;
        Ok(Reply(sign_ins.map(|sign_in| SignInView::from(&*sign_in))))
    }
}
