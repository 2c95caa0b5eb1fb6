//! `POST /auth/reset-password`: sets a new password with the token of an emailed link. It opens no session.

use accounts::Password;
use accounts::address::RESET_PASSWORD;
use accounts::mailed_link::DeadLink;
use mail::EmailAddress;
use shared::crypto::link::LinkClaims;
use shared::identity::EpochTurn;
use shared::kernel::secrets::SecretText;
use shared::prelude::route::*;
use sign_in::password_owner::{PasswordOwner, ResetMethod};

use crate::factor_removal::FactorCounts;
use crate::regaining::{self, Regained, regain};

/// Sets a new password with the token of the emailed link, which works once. Every session and every personal access
/// token of the user ends. Second factors stay, except those that `remove_recent_factors` removes, and are required at
/// the next sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// The text after `#token=` in the emailed link.
    token: SecretText,
    password: Password,
    /// Whether to remove recently added second factors, for a user who did not add them. Recent means: added in the
    /// last 7 days, and since the last use of an emailed link that left no recent factors.
    #[serde(default)]
    remove_recent_factors: bool,
}

/// The result of a password reset.
#[derive(Serialize, ToSchema)]
pub struct PasswordReset {
    /// The account's email address, for prefilling a sign-in form.
    email: EmailAddress,
    /// Recently added second factors. They were removed if `remove_recent_factors` was set. A user who does not
    /// recognize them can request another link to remove them.
    recent_factors: FactorCounts,
}

pub static FUNCTION: Function = Function::route::<ResetPassword>();

impl Endpoint for ResetPassword {
    // Argon2 needs 64 MiB, and more CPU, which Lambda allots in proportion to memory.
    const ROUTE: Route = Route::post("reset-password", "/auth/reset-password").memory_mb(1024);
    const GRANTS: &'static [Grant] = regaining::GRANTS;
    const PROBLEMS: &'static [ProblemCode] = &[accounts::problems::LINK_INVALID];
    type Access = Credentials;
    type Output = Reply<PasswordReset>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let link = accounts.verify_link(&self.token, RESET_PASSWORD).await?.ok_or(DeadLink::OF_PASSWORD)?;
        let owner = owner(accounts, &link).await?.ok_or(DeadLink::OF_PASSWORD)?;
        let email = owner.user.email.clone();
        let how = (ResetMethod::MailedLink, EpochTurn::default());
        let Regained { changes, recent_factors } =
            regain(accounts, owner, &self.password, self.remove_recent_factors, how).await?;
        match accounts.try_commit(changes).await? {
            Ok(()) => {
                accounts.proved();
                Ok(Reply(PasswordReset { email, recent_factors }))
            }
            Err(_) => match self::owner(accounts, &link).await? {
                // The account changed concurrently, but the link is still valid.
                Some(_) => Err(Problem::unavailable("an account changed while its password was reset")),
                None => Err(DeadLink::OF_PASSWORD.into()),
            },
        }
    }
}

/// The account that a link is for, if the link is still valid.
async fn owner(accounts: &Credentials, link: &LinkClaims) -> Result<Option<PasswordOwner>, Problem> {
    let owner = PasswordOwner::read(accounts, link.user).await?;
    Ok(owner.filter(|owner| !owner.user.is_deleted() && owner.address.is_reset_by(link)))
}
