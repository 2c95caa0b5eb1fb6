//! `POST /auth/reset-password`: sets a new password by the token of a mailed link. It signs nobody in.

use mail::EmailAddress;
use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::crypto::link::LinkClaims;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::Credentials;
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use utoipa::ToSchema;

use crate::Password;
use crate::address::RESET_PASSWORD;
use crate::mailed_link::DeadLink;
use crate::new_password::{Holder, Warrant};

/// Sets a new password by the token of the mailed link, which works once. Every session ends. Second factors stay, and
/// are asked for at the sign-in that follows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// What follows `#token=` in the mailed link.
    token: SecretText,
    password: Password,
}

/// The address that the new password is for, for a sign-in form to begin with.
#[derive(Serialize, ToSchema)]
pub struct PasswordReset {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<ResetPassword>();

impl Endpoint for ResetPassword {
    // Argon2 needs 64 MiB, and a share of a processor that comes with more memory.
    const ROUTE: Route = Route::post("reset-password", "/auth/reset-password").memory_mb(1024);
    const GRANTS: &'static [Grant] = &[Grant::Accounts, Grant::DeriveKeys];
    type Access = Credentials;
    type Output = Found<PasswordReset>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let link = accounts.verify_link(&self.token, RESET_PASSWORD).await?.ok_or(DeadLink::OF_PASSWORD)?;
        let holder = self.holder(accounts, &link).await?.ok_or(DeadLink::OF_PASSWORD)?;
        // Their workspaces are not read: whoever presents a link is not signed in to any.
        holder.may_have(&self.password, [])?;
        let email = holder.user.email.clone();
        let changes = holder.set(accounts, &self.password, Warrant::MailedLink).await?;
        match accounts.try_commit(changes).await? {
            Ok(()) => {
                accounts.proved();
                Ok(Found(PasswordReset { email }))
            }
            Err(_) => match self.holder(accounts, &link).await? {
                // Something else of the account changed, and the link is as good as before.
                Some(_) => Err(Problem::unavailable("an account changed while its password was reset")),
                None => Err(DeadLink::OF_PASSWORD.into()),
            },
        }
    }
}

impl ResetPassword {
    /// The account that a link is for, if it is still good.
    async fn holder(&self, accounts: &Credentials, link: &LinkClaims) -> Result<Option<Holder>, Problem> {
        let holder = Holder::read(accounts, link.user).await?;
        Ok(holder.filter(|holder| holder.address.is_reset_by(link)))
    }
}
