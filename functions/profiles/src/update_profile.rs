//! `PUT /me`: changes what the caller is called.

use accounts::PersonName;
use accounts::get_me::Me;
use accounts::user::User;
use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::{AccountChanges, AccountKey, SignedIn};
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

/// Changes the caller's profile. The address has a route of its own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProfile {
    name: PersonName,
}

pub static FUNCTION: Function = Function::route::<UpdateProfile>();

impl Endpoint for UpdateProfile {
    const ROUTE: Route = Route::put("update-profile", "/me");
    const GRANTS: &'static [Grant] = &[Grant::Accounts];
    type Access = SignedIn;
    type Output = Found<Me>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let user = accounts.find::<User>(&AccountKey::User(caller.user())).await?;
        let mut user = user.ok_or_else(Problem::not_found)?;
        user.name = self.name;
        accounts.commit(AccountChanges::default().replace(&user)).await?;
        Ok(Found(Me::from(user.into_inner())))
    }
}
