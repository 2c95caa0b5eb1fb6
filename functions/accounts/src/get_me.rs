//! `GET /me`: who the caller is.

use mail::EmailAddress;
use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::{AccountKey, Known};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::time::Timestamp;
use utoipa::ToSchema;

use crate::PersonName;
use crate::user::User;

/// Tells who the caller is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetMe {}

/// A user, as only they see themselves.
#[derive(Serialize, ToSchema)]
pub struct Me {
    id: UserId,
    email: EmailAddress,
    name: PersonName,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<User> for Me {
    fn from(user: User) -> Self {
        let User { id, email, name, created_at, .. } = user;
        Self { id, email, name, created_at }
    }
}

pub static FUNCTION: Function = Function::route::<GetMe>();

impl Endpoint for GetMe {
    const ROUTE: Route = Route::get("get-me", "/me");
    const GRANTS: &'static [Grant] = &[Grant::Accounts];
    type Access = Known;
    type Output = Found<Me>;

    async fn handle(self, caller: &Known) -> Result<Self::Output, Problem> {
        let user = caller.accounts().find::<User>(&AccountKey::User(caller.user())).await?;
        Ok(Found(Me::from(user.ok_or_else(Problem::not_found)?.into_inner())))
    }
}
