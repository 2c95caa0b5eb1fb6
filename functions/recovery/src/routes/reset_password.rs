//! `POST /auth/reset-password`: sets a new password with the token of a mailed link. It opens no session.

use accounts::Password;
use accounts::address::RESET_PASSWORD;
use accounts::mailed_link::DeadLink;
use mail::EmailAddress;
use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::crypto::link::LinkClaims;
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route};
use shared::identity::{Credentials, EpochTurn};
use shared::kernel::problems::{Problem, ProblemCode};
use shared::kernel::secrets::SecretText;
use sign_in::password_owner::{PasswordOwner, ResetMethod};
use utoipa::ToSchema;

use crate::factor_removal::FactorCounts;
use crate::regaining::{Regained, regain};

/// Sets a new password with the token of the mailed link, which works once. Every session and every personal access
/// token of the user ends. Second factors stay, unless `remove_recent_factors` says otherwise, and are asked for at the
/// next sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetPassword {
    /// What follows `#token=` in the mailed link.
    token: SecretText,
    password: Password,
    /// Whether to remove the second factors that were added in the last 7 days, and since the last mailed link of the
    /// account that left no such factors. For a user who did not add them.
    #[serde(default)]
    remove_recent_factors: bool,
}

/// The result of a password reset.
#[derive(Serialize, ToSchema)]
pub struct PasswordReset {
    /// The address that the new password is for, to fill in a sign-in form.
    email: EmailAddress,
    /// Recently added second factors. They were removed if the request said so; a user who does not recognize them can
    /// request another link to remove them.
    recent_factors: FactorCounts,
}

pub static FUNCTION: Function = Function::route::<ResetPassword>();

impl Endpoint for ResetPassword {
    // Argon2 needs 64 MiB, and a share of a processor that comes with more memory.
    const ROUTE: Route = Route::post("reset-password", "/auth/reset-password").memory_mb(1024);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::DeleteUserRecords,
        Grant::ReadAddresses,
        Grant::WriteAddresses,
        Grant::DeleteAddresses,
        Grant::ReadSessions,
        Grant::WriteSessions,
        Grant::WriteLetters,
        Grant::DeriveKeys,
    ];
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
                // Something else in the account changed, and the link is still valid.
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
