//! `POST /auth/confirm-email-change`: gives a user the new address whose link was opened.

use accounts::mailed_link::DeadLink;
use mail::EmailAddress;
use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::Credentials;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use utoipa::ToSchema;

use crate::email_change::{CHANGE_EMAIL, confirm};

/// Changes a user's address by the token of the link that was mailed to the new one. Sessions stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmEmailChange {
    /// What follows `#token=` in the mailed link.
    token: SecretText,
}

/// The address that the user has now.
#[derive(Serialize, ToSchema)]
pub struct ConfirmedEmail {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<ConfirmEmailChange>();

impl Endpoint for ConfirmEmailChange {
    const ROUTE: Route = Route::post("confirm-email-change", "/auth/confirm-email-change");
    const GRANTS: &'static [Grant] = &[Grant::Accounts, Grant::DeriveKeys];
    type Access = Credentials;
    type Output = Found<ConfirmedEmail>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let link = accounts.verify_link(&self.token, CHANGE_EMAIL).await?.ok_or(DeadLink::OF_ADDRESS)?;
        let email = confirm(accounts, &link).await?;
        accounts.proved();
        Ok(Found(ConfirmedEmail { email }))
    }
}
