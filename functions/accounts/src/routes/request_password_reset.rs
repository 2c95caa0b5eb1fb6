//! `POST /auth/request-password-reset`: emails a link that resets the password.

use mail::EmailAddress;
use shared::identity::AccountChanges;
use shared::prelude::route::*;

use crate::enumeration_safe_mail;
use crate::letter_budget::Request;

/// Emails a link that resets the password. The response does not reveal whether the address has an account: an address
/// without one gets an email that says so, a pending registration gets its verification link, and a deleted account
/// gets the link that restores it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestPasswordReset {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<RequestPasswordReset>();

impl Endpoint for RequestPasswordReset {
    const ROUTE: Route = Route::post("request-password-reset", "/auth/request-password-reset");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadAddresses, Grant::WriteAddresses, Grant::WriteLetters, Grant::SealLetters];
    type Access = Credentials;
    type Output = Accepted;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        enumeration_safe_mail::send(accounts, &self.email, Request::PasswordReset, |known| {
            let address = enumeration_safe_mail::known_or_new(known, &self.email);
            (AccountChanges::default(), address.request_reset(accounts.new_id(), accounts.now()))
        })
        .await?;
        Ok(Accepted)
    }
}
