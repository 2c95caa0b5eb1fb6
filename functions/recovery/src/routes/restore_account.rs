//! `POST /auth/restore-account`: restores a deleted account with the token of the emailed link. It opens no session.

use accounts::Password;
use accounts::mailed_link::DeadLink;
use accounts::user::RESTORE_ACCOUNT;
use mail::EmailAddress;
use shared::identity::{AccountChanges, EpochTurn};
use shared::kernel::secrets::SecretText;
use shared::prelude::route::*;
use shared::system_events::{EventKind, Occurrence, Severity};
use sign_in::password_owner::{PasswordOwner, ResetMethod};

use crate::factor_removal::FactorCounts;
use crate::regaining::{self, Regained, regain};

pub static ACCOUNT_RESTORED: EventKind = EventKind::security("account_restored", Severity::Info);

/// Restores a deleted account with the token of the emailed link, within 30 days of the deletion. Sessions and personal
/// access tokens stay revoked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreAccount {
    /// The text after `#token=` in the emailed link.
    token: SecretText,
    /// The account's new password. It may be the same as before.
    password: Password,
    /// As in `POST /auth/reset-password`.
    #[serde(default)]
    remove_recent_factors: bool,
}

/// A restored account.
#[derive(Serialize, ToSchema)]
pub struct RestoredAccount {
    /// The account's email address, for prefilling a sign-in form.
    email: EmailAddress,
    /// As in `POST /auth/reset-password`.
    recent_factors: FactorCounts,
}

pub static FUNCTION: Function = Function::route::<RestoreAccount>();

impl Endpoint for RestoreAccount {
    // Argon2 needs 64 MiB, and more CPU, which Lambda allots in proportion to memory.
    const ROUTE: Route = Route::post("restore-account", "/auth/restore-account").memory_mb(1024);
    const GRANTS: &'static [Grant] = regaining::GRANTS;
    const PROBLEMS: &'static [ProblemCode] = &[accounts::problems::LINK_INVALID];
    type Access = Credentials;
    type Output = Reply<RestoredAccount>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let link = accounts.verify_link(&self.token, RESTORE_ACCOUNT).await?.ok_or(DeadLink::OF_DELETION)?;
        let mut owner = PasswordOwner::read(accounts, link.user).await?.ok_or(DeadLink::OF_DELETION)?;
        owner.user.restore(&link)?;
        owner.address.account_was_restored();
        let (email, restored) = (owner.user.email.clone(), Occurrence::of(&ACCOUNT_RESTORED, owner.user.id));
        let back = AccountChanges::default().replace(&owner.user).or(DeadLink::OF_DELETION).event(restored);
        let (method, turn) = (ResetMethod::Restoration, EpochTurn::default().and_reopening());
        let Regained { changes, recent_factors } =
            regain(accounts, owner, &self.password, self.remove_recent_factors, (method, turn)).await?;
        accounts.commit(back.and(changes)).await?;
        accounts.proved();
        Ok(Reply(RestoredAccount { email, recent_factors }))
    }
}
