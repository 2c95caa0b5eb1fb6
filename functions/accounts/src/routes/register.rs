//! `POST /auth/register`: starts a registration. The response does not reveal whether an account exists; the email
//! does.

use mail::EmailAddress;
use shared::identity::AccountChanges;
use shared::prelude::route::*;

use crate::address::Address;
use crate::enumeration_safe_mail;
use crate::letter_budget::Request;

/// Starts a registration and emails a verification link. Send the link's token with a name and a password to `POST
/// /auth/verify-email`. The response is the same whether or not the address has an account; only the email differs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<Register>();

impl Endpoint for Register {
    const ROUTE: Route = Route::post("register", "/auth/register");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadAddresses, Grant::WriteAddresses, Grant::WriteLetters, Grant::SealLetters];
    type Access = Credentials;
    type Output = Accepted;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        enumeration_safe_mail::send(accounts, &self.email, Request::Registration, |known| {
            let (user, now) = (accounts.new_id(), accounts.now());
            match known {
                // Written even if nothing changes, so that every registration costs the same.
                Some(mut address) => {
                    let posting = address.register(user, now);
                    (AccountChanges::default().replace(&address), posting)
                }
                None => {
                    let mut address = Address::new(self.email.clone());
                    let posting = address.register(user, now);
                    (AccountChanges::default().insert(&address), posting)
                }
            }
        })
        .await?;
        Ok(Accepted)
    }
}
