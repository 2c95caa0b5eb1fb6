//! `POST /auth/restore-account`: brings a deleted account back by the link that was mailed at its deletion.

use accounts::mailed_link::DeadLink;
use accounts::user::{RESTORE_ACCOUNT, User};
use mail::{EmailAddress, Letter, SendEmail};
use serde::{Deserialize, Serialize};
use shared::aws::grants::Grant;
use shared::events::{EventKind, Occurrence, Severity};
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::identity::{AccountChanges, AccountKey, Credentials};
use shared::kernel::problems::Problem;
use shared::kernel::secrets::SecretText;
use utoipa::ToSchema;

pub static ACCOUNT_RESTORED: EventKind = EventKind::security("account_restored", Severity::Info);

/// Restores a deleted account by the token of the mailed link. It opens no session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreAccount {
    /// What follows `#token=` in the mailed link.
    token: SecretText,
}

/// The address of the account that is back, for a sign-in form to begin with.
#[derive(Serialize, ToSchema)]
pub struct RestoredAccount {
    email: EmailAddress,
}

pub static FUNCTION: Function = Function::route::<RestoreAccount>();

impl Endpoint for RestoreAccount {
    const ROUTE: Route = Route::post("restore-account", "/auth/restore-account");
    const GRANTS: &'static [Grant] = &[Grant::Accounts, Grant::DeriveKeys];
    type Access = Credentials;
    type Output = Found<RestoredAccount>;

    async fn handle(self, accounts: &Credentials) -> Result<Self::Output, Problem> {
        let link = accounts.verify_link(&self.token, RESTORE_ACCOUNT).await?.ok_or(DeadLink::OF_DELETION)?;
        let user = accounts.find::<User>(&AccountKey::User(link.user)).await?;
        let mut user = user.ok_or(DeadLink::OF_DELETION)?;
        user.restore(&link)?;
        let letter = Letter::AccountRestored { name: user.name.as_str().to_owned(), at: accounts.now() };
        let epoch = accounts.epoch(user.id).await?;
        let changes = AccountChanges::default()
            .replace(&user)
            .reopen_account(user.id, epoch)
            .send(user.id, &SendEmail { to: user.email.clone(), letter })
            .event(Occurrence::of(&ACCOUNT_RESTORED, user.id));
        accounts.commit(changes).await?;
        accounts.proved();
        Ok(Found(RestoredAccount { email: user.into_inner().email }))
    }
}
