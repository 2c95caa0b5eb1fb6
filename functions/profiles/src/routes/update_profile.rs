//! `PUT /me`: updates the caller's display name.

use accounts::PersonName;
use accounts::recovery::Recovery;
use accounts::routes::get_me::Me;
use accounts::user::User;
use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route};
use shared::identity::{AccountChanges, AccountKey, SignedIn, Wanted};
use shared::kernel::problem_codes;
use shared::kernel::problems::{Problem, ProblemCode};
use utoipa::ToSchema;

/// Updates the caller's display name. To change the email address, use `POST /me/email`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProfile {
    name: PersonName,
}

pub static FUNCTION: Function = Function::route::<UpdateProfile>();

impl Endpoint for UpdateProfile {
    const ROUTE: Route = Route::put("update-profile", "/me");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::WriteUserRecords];
    const PROBLEMS: &'static [ProblemCode] = &[problem_codes::NOT_FOUND];
    type Access = SignedIn;
    type Output = Reply<Me>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let (accounts, key) = (caller.accounts(), AccountKey::User(caller.user()));
        let mut found = accounts.look_up(Wanted::default().of::<User>(&key).of::<Recovery>(&key)).await?;
        let mut user = found.take::<User>(&key)?.ok_or_else(Problem::not_found)?;
        user.name = self.name;
        accounts.commit(AccountChanges::default().replace(&user)).await?;
        Ok(Reply(Me::new(caller, &user, found.take(&key)?)))
    }
}
