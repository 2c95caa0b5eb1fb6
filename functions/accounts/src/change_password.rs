//! `POST /me/password`: sets another password, for who knows the one before.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::events::Occurrence;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route, UserLimit};
use shared::identity::{AccountChanges, AccountKey, Fresh, SignedIn, Strength};
use shared::kernel::problems::{Problem, Refusal};
use utoipa::ToSchema;

use crate::device::KnownDevice;
use crate::new_password::{Holder, Warrant};
use crate::password_hash::{self, Verdict};
use crate::password_sign_in::PASSWORD_HASH_DAMAGED;
use crate::session::{self, Means, Opening, SessionRecord, Tokens};
use crate::user::User;
use crate::{Password, PasswordAttempt, PasswordError};

/// Sets another password. Every session ends, this one too; the answer opens the next.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    current_password: PasswordAttempt,
    new_password: Password,
}

/// Why a password is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("must be your password as it is now; if it is lost, have a link mailed: POST /auth/request-password-reset")]
    WrongPassword,
    #[error("must not be your password as it is now")]
    SamePassword,
    #[error("{0}")]
    Unfit(PasswordError),
}

impl Refusal for ChangePasswordError {
    fn status(&self) -> u16 {
        match self {
            Self::WrongPassword => 403,
            Self::SamePassword | Self::Unfit(_) => 422,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::WrongPassword => "wrong_password",
            Self::SamePassword => "same_password",
            Self::Unfit(error) => error.code(),
        }
    }

    fn title(&self) -> Option<&'static str> {
        match self {
            Self::WrongPassword => Some("Wrong password"),
            Self::SamePassword | Self::Unfit(_) => None,
        }
    }

    fn field(&self) -> Option<&'static str> {
        match self {
            Self::WrongPassword => Some("current_password"),
            Self::SamePassword | Self::Unfit(_) => Some("new_password"),
        }
    }
}

pub static FUNCTION: Function = Function::route::<ChangePassword>();

impl Endpoint for ChangePassword {
    // Argon2 needs 64 MiB, and a share of a processor that comes with more memory.
    const ROUTE: Route = Route::post("change-password", "/me/password").memory_mb(1024);
    const GRANTS: &'static [Grant] = &[Grant::Accounts, Grant::DeriveKeys, Grant::SignTokens];
    const LIMIT: Option<UserLimit> = Some(UserLimit { requests: 5, seconds: 300 });
    // Fresh, though the password is asked for: the next session is as strong as this one and counts as fresh, which who
    // has stolen a session must not get for the password alone.
    type Access = Fresh<SignedIn>;
    type Output = Found<Tokens>;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let holder = Holder::read(accounts, caller.user()).await?.ok_or_else(Problem::not_found)?;
        holder.factors.may_be_changed_by(caller)?;
        self.knows_password_of(caller, &holder).await?;
        if self.new_password.is(&self.current_password) {
            return Err(ChangePasswordError::SamePassword.into());
        }
        let workspaces = caller.memberships().await?;
        let names = workspaces.iter().map(|membership| membership.name.as_str());
        holder.may_have(&self.new_password, names).map_err(ChangePasswordError::Unfit)?;
        let (user, means) = (User::clone(&holder.user), means(caller).await?);
        accounts.commit(holder.set(accounts, &self.new_password, Warrant::OldPassword).await?).await?;
        // The device is known: it had a session a moment ago.
        let device = Some(KnownDevice::new(accounts.entropy()));
        let opening = Opening { means, device, epoch: accounts.epoch(caller.user()).await? };
        Ok(Found(session::open(accounts, &user, opening, AccountChanges::default()).await?))
    }
}

impl ChangePassword {
    async fn knows_password_of(&self, caller: &SignedIn, holder: &Holder) -> Result<(), Problem> {
        let (accounts, user) = (caller.accounts(), caller.user());
        let stored = holder.password.as_ref().map(|record| &record.hash);
        match password_hash::check(accounts, stored, &self.current_password).await? {
            Verdict::Right | Verdict::Outdated => return Ok(()),
            Verdict::Damaged => accounts.emit(Occurrence::of(&PASSWORD_HASH_DAMAGED, user).once(user)).await?,
            Verdict::Wrong | Verdict::TooLongForLegacy => {}
        }
        Err(ChangePasswordError::WrongPassword.into())
    }
}

/// By what the next session counts as opened: by what this one was, or was made as strong as.
async fn means(caller: &SignedIn) -> Result<Means, Problem> {
    let key = AccountKey::User(caller.user());
    let session = caller.accounts().find_part::<SessionRecord>(&key, &caller.session()).await?;
    let means = session.map(|session| session.means).filter(|means| means.strength() == caller.strength());
    Ok(means.unwrap_or(match caller.strength() {
        Strength::Single => Means::Password,
        Strength::Multi => Means::Totp,
    }))
}
