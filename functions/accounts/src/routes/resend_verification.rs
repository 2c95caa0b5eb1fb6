//! `POST /auth/resend-verification`: resends the verification email.

use mail::EmailAddress;
use shared::identity::AccountChanges;
use shared::prelude::route::*;

use crate::enumeration_safe_mail;
use crate::letter_budget::Request;

/// Resends the verification email of a registration. The response does not reveal whether there is one: an address
/// without a registration gets an email that says so.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResendVerification {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<ResendVerification>();

impl Endpoint for ResendVerification {
    const ROUTE: Route = Route::post("resend-verification", "/auth/resend-verification");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadAddresses, Grant::WriteAddresses, Grant::WriteLetters, Grant::SealLetters];
    type Access = Credentials;
    type Output = Accepted;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        enumeration_safe_mail::send(accounts, &self.email, Request::Verification, |known| {
            let address = enumeration_safe_mail::known_or_new(known, &self.email);
            (AccountChanges::default(), address.resend(accounts.new_id(), accounts.now()))
        })
        .await?;
        Ok(Accepted)
    }
}
