//! `POST /me/password`: changes the password; requires the current one.

use shared::identity::{AccountChanges, AccountKey, EpochTurn, Strength};
use shared::kernel::problems::Refusal;
use shared::prelude::route::*;

use crate::current_password;
use crate::device::KnownDevice;
use crate::password_owner::{PasswordOwner, ResetMethod};
use crate::problems;
use crate::session::{self, AuthMethod, Opening, SessionRecord, Tokens};
use accounts::user::User;
use accounts::{Password, PasswordAttempt, PasswordError, PasswordLength};

/// Changes the password. Every session ends, including this one; the response opens a new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangePassword {
    current_password: PasswordAttempt,
    new_password: Password,
}

/// Why a password cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("must be your current password; if you forgot it, request a reset link: POST /auth/request-password-reset")]
    WrongPassword,
    #[error("must differ from your current password")]
    SamePassword,
    #[error("{0}")]
    Unfit(PasswordError),
}

impl Refusal for ChangePasswordError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::WrongPassword => problems::WRONG_PASSWORD,
            Self::SamePassword => problems::SAME_PASSWORD,
            Self::Unfit(error) => error.problem(),
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
    // Argon2 needs 64 MiB, and more CPU, which Lambda allots in proportion to memory.
    const ROUTE: Route = Route::post("change-password", "/me/password").memory_mb(1024);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadUserRecords,
        Grant::WriteUserRecords,
        Grant::DeleteUserRecords,
        Grant::ReadAddresses,
        Grant::WriteAddresses,
        Grant::DeleteAddresses,
        Grant::WriteRefreshTokens,
        Grant::ReadSessions,
        Grant::WriteSessions,
        Grant::WriteLetters,
        Grant::DeriveKeys,
        Grant::SignTokens,
    ];
    const LIMIT: Option<UserLimit> = Some(UserLimit { requests: 5, seconds: 300 });
    const PROBLEMS: &'static [ProblemCode] =
        &[problems::WRONG_PASSWORD, problems::SAME_PASSWORD, problem_codes::NOT_FOUND];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        10,
        "attempts are counted exactly; attempts, epoch, user, password and factors are read; a session is opened",
    );
    // `Fresh`, although the password is required: the new session is as strong as this one and counts as fresh. An
    // attacker with a stolen session must not get that for the password alone.
    type Access = Fresh<SignedIn>;
    type Output = Reply<Tokens>;

    async fn handle(self, caller: &Fresh<SignedIn>) -> Result<Self::Output, Problem> {
        let accounts = caller.accounts();
        let owner = PasswordOwner::read(accounts, caller.user()).await?.ok_or_else(Problem::not_found)?;
        let proved =
            current_password::prove(caller, &owner.user, owner.password.as_deref(), &self.current_password).await?;
        if proved.is_none() {
            return Err(ChangePasswordError::WrongPassword.into());
        }
        if self.new_password.is(&self.current_password) {
            return Err(ChangePasswordError::SamePassword.into());
        }
        let workspaces = caller.memberships().await?;
        let names = workspaces.iter().map(|membership| membership.name.as_str());
        owner.may_have(&self.new_password, owner.proved_by(), names).map_err(ChangePasswordError::Unfit)?;
        let (user, next_method) = (User::clone(&owner.user), auth_method(caller).await?);
        let mut changes = AccountChanges::default();
        if self.new_password.length() == PasswordLength::Short {
            changes = owner.factors.require_kept(changes);
        }
        let (method, turn) = (ResetMethod::CurrentPassword, EpochTurn::default());
        accounts.commit(owner.set(accounts, &self.new_password, method, changes, turn).await?).await?;
        // The device is known: it had a session until now.
        let device = Some(KnownDevice::new(accounts.entropy()));
        let opening = Opening { method: next_method, device, epoch: accounts.epoch(caller.user()).await? };
        Ok(Reply(session::open(accounts, &user, opening, AccountChanges::default()).await?))
    }
}

/// The method that the new session counts as opened by: that of this session, or one as strong as it has become.
async fn auth_method(caller: &SignedIn) -> Result<AuthMethod, Problem> {
    let key = AccountKey::User(caller.user());
    let session = caller.accounts().find_part::<SessionRecord>(&key, &caller.session()).await?;
    let method = session.map(|session| session.method).filter(|method| method.strength() == caller.strength());
    Ok(method.unwrap_or(match caller.strength() {
        Strength::Single => AuthMethod::Password,
        Strength::Multi => AuthMethod::Totp,
    }))
}
