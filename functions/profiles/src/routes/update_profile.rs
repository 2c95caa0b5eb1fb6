//! `PATCH /me`: updates the caller's display name.

use accounts::PersonName;
use accounts::routes::get_me::Me;
use accounts::user::User;
use shared::identity::AccountChanges;
use shared::prelude::route::*;

/// Updates the caller's display name. To change the email address, use `POST /me/email`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateProfile {
    #[serde(default)]
    #[schema(inline)]
    name: Patch<PersonName>,
}

pub static FUNCTION: Function = Function::route::<UpdateProfile>();

impl Endpoint for UpdateProfile {
    const ROUTE: Route = Route::patch("update-profile", "/me");
    const GRANTS: &'static [Grant] = &[Grant::ReadUserRecords, Grant::WriteUserRecords];
    const PROBLEMS: &'static [ProblemCode] = &[problem_codes::NOT_FOUND];
    const VERSIONED: Option<Versioned> = Some(Versioned::record::<User>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the profile is read");
    type Access = SignedIn;
    type Output = Reply<Me>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let (mut user, recovery_ready_at) = Me::look_up(caller).await?;
        self.name.apply(&mut user.name);
        caller.accounts().commit(AccountChanges::default().replace(&user)).await?;
        Ok(Reply(Me::new(&user, recovery_ready_at)))
    }
}
