//! `GET /me/sign-ins`: the caller's login history, the newest first.

use accounts::client::Client;
use accounts::sign_in::{Means, SignIn, SignInId, SignInOutcome};
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::{AccountKey, SignedIn};
use shared::kernel::ids::SessionId;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use shared::tenancy::Listing;
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

const MOST: u32 = 100;
const DEFAULT: u32 = 50;

/// Lists the caller's sign-ins and the attempts at one of the last 90 days, the newest first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSignIns {
    #[serde(default)]
    limit: SignInLimit,
}

/// 1 to 100; 50 if it is left out.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
pub struct SignInLimit(u32);

/// A sign-in or an attempt at one, as its user sees it.
#[derive(Serialize, ToSchema)]
pub struct SignInView {
    #[schema(value_type = String, example = "sgn_0190b1c8d2f37c1fa1b2c3d4e5f60718")]
    id: SignInId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    means: Means,
    outcome: SignInOutcome,
    client: Client,
    /// The session that it opened, which may have ended since.
    session_id: Option<SessionId>,
}

impl From<&SignIn> for SignInView {
    fn from(sign_in: &SignIn) -> Self {
        let SignIn { id, at, means, outcome, ref client, session: session_id, .. } = *sign_in;
        Self { id, at, means, outcome, client: client.clone(), session_id }
    }
}

pub static FUNCTION: Function = Function::route::<ListSignIns>();

impl Endpoint for ListSignIns {
    const ROUTE: Route = Route::get("list-sign-ins", "/me/sign-ins");
    const GRANTS: &'static [Grant] = &[Grant::Accounts];
    type Access = SignedIn;
    // One page: what matters of a history is its end.
    type Output = Found<Listing<SignInView>>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let SignInLimit(limit) = self.limit;
        let sign_ins = caller.accounts().newest::<SignIn>(&AccountKey::User(caller.user()), limit).await?;
        let items = sign_ins.iter().map(|sign_in| SignInView::from(&**sign_in)).collect();
        Ok(Found(Listing { items, next_cursor: None }))
    }
}

impl Default for SignInLimit {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl TryFrom<u32> for SignInLimit {
    type Error = &'static str;

    fn try_from(limit: u32) -> Result<Self, Self::Error> {
        if (1..=MOST).contains(&limit) { Ok(Self(limit)) } else { Err("must be a whole number from 1 to 100") }
    }
}

impl utoipa::PartialSchema for SignInLimit {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::Integer).default(Some(DEFAULT.into()));
        schema.minimum(Some(1)).maximum(Some(MOST)).into()
    }
}

impl utoipa::ToSchema for SignInLimit {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("SignInLimit")
    }
}
