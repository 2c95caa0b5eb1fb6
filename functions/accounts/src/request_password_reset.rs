//! `POST /auth/request-password-reset`: has a link mailed by which the owner of an address sets a new password.

use mail::EmailAddress;
use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Accepted, Endpoint, Route};
use shared::identity::Credentials;
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

use crate::correspondence::correspond;

/// Has a link mailed that resets the password, if the address has an account. The answer does not tell whether.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestPasswordReset {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<RequestPasswordReset>();

impl Endpoint for RequestPasswordReset {
    const ROUTE: Route = Route::post("request-password-reset", "/auth/request-password-reset");
    const GRANTS: &'static [Grant] = &[Grant::Accounts];
    type Access = Credentials;
    type Output = Accepted;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        correspond(accounts, &self.email, |address, now| address.request_reset(now)).await?;
        Ok(Accepted)
    }
}
