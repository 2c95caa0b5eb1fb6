//! `POST /auth/verify-email`: makes an account of the registration whose link was opened.

use mail::EmailAddress;
use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::crypto::link::LinkClaims;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::{AccountChanges, AccountKey, Credentials};
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use utoipa::ToSchema;

use crate::PasswordLength;
use crate::address::{Address, Registration, VERIFY_EMAIL, Verified};
use crate::mailed_link::DeadLink;
use crate::user::{PasswordRecord, User};

/// Verifies the address of a registration by the token of the mailed link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyEmail {
    /// What follows `#token=` in the mailed link.
    token: SecretText,
}

/// The address that is verified now, for a sign-in form to begin with.
#[derive(Serialize, ToSchema)]
pub struct VerifiedEmail {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<VerifyEmail>();

impl Endpoint for VerifyEmail {
    const ROUTE: Route = Route::post("verify-email", "/auth/verify-email");
    const GRANTS: &'static [Grant] = &[Grant::Accounts, Grant::DeriveKeys];
    type Access = Credentials;
    type Output = Found<VerifiedEmail>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let claims = accounts.verify_link(&self.token, VERIFY_EMAIL).await?.ok_or(DeadLink::OF_ADDRESS)?;
        let LinkClaims { user, binding, .. } = claims;
        let mut address = accounts.find::<Address>(&AccountKey::Email(binding)).await?.ok_or(DeadLink::OF_ADDRESS)?;
        let email = address.email().clone();
        if let Verified::Now(registration) = address.verify(user, accounts.now())? {
            let Registration { user: id, name, password: hash, .. } = registration;
            let now = accounts.now();
            let changes = AccountChanges::default()
                .replace(&address)
                .insert(&User::new(id, email.clone(), name, now))
                .insert(&PasswordRecord { user: id, hash, set_at: now, length: PasswordLength::Full })
                .first_epoch(id);
            accounts.commit(changes).await?;
        }
        accounts.proved();
        Ok(Found(VerifiedEmail { email }))
    }
}
