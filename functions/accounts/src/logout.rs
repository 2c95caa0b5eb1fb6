//! `POST /auth/logout`: ends the caller's session. Its access and refresh tokens are worth nothing from then on.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Route};
use shared::identity::{AccountChanges, SignedIn};
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

/// Ends the session of the access token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Logout {}

pub static FUNCTION: Function = Function::route::<Logout>();

impl Endpoint for Logout {
    const ROUTE: Route = Route::post("logout", "/auth/logout");
    const GRANTS: &'static [Grant] = &[Grant::Accounts];
    type Access = SignedIn;
    type Output = NoContent;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let changes = AccountChanges::default().close_session(caller.user(), caller.session());
        caller.accounts().commit(changes).await?;
        Ok(NoContent)
    }
}
