//! `POST /auth/register`: asks for an account. The answer does not tell whether there is one already; the mail does.

use mail::EmailAddress;
use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Accepted, Endpoint, Route};
use shared::identity::Credentials;
use shared::kernel::problems::Problem;
use utoipa::ToSchema;

use crate::correspondence::correspond;
use crate::password_hash;
use crate::{Password, PersonName, ProvedBy};

/// Asks for an account. The answer is the same whether or not there is one; the mail that follows is not.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    email: EmailAddress,
    password: Password,
    name: PersonName,
}

pub static FUNCTION: Function = Function::route::<Register>();

impl Endpoint for Register {
    // Argon2 needs 64 MiB, and a share of a processor that comes with more memory.
    const ROUTE: Route = Route::post("register", "/auth/register").memory_mb(1024);
    const GRANTS: &'static [Grant] = &[Grant::Accounts, Grant::DeriveKeys];
    type Access = Credentials;
    type Output = Accepted;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        self.password.is_long_enough(ProvedBy::PasswordAlone)?;
        self.password.suits(&self.email, [self.name.as_str()])?;
        // Also for an address that has an account: the hash is most of the time that this takes.
        let hash = password_hash::hash(accounts, self.password.secret()).await?;
        correspond(accounts, &self.email, |address, now| {
            address.register(accounts.new_id(), self.name.clone(), hash.clone(), now)
        })
        .await?;
        Ok(Accepted)
    }
}
