//! `POST /auth/resend-verification`: has the link of a waiting registration mailed again, if there is one.

use mail::EmailAddress;
use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Accepted, Endpoint, Route};
use shared::identity::Credentials;
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

use crate::correspondence::correspond;

/// Has the verification mail sent again, if a registration waits for it. The answer does not tell whether.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendVerification {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<ResendVerification>();

impl Endpoint for ResendVerification {
    const ROUTE: Route = Route::post("resend-verification", "/auth/resend-verification");
    const GRANTS: &'static [Grant] = &[Grant::Accounts];
    type Access = Credentials;
    type Output = Accepted;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        correspond(accounts, &self.email, |address, now| address.resend(now)).await?;
        Ok(Accepted)
    }
}
