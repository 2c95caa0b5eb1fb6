//! Replacing a password: the records it reads, the rules it applies and the changes it makes.

use mail::MailUser;
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey, Accounts, EpochTurn, UserEpoch, Wanted};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;

use crate::attempts::{self, Attempts};
use crate::letters;
use crate::second_factor::Factors;
use accounts::address::Address;
use accounts::user::{PasswordRecord, User};
use accounts::{Password, PasswordError, ProvedBy, password_hash};

/// A password was replaced, by the current password or by an emailed link.
pub static PASSWORD_CHANGED: EventKind = EventKind::security("password_changed", Severity::Info);

/// A user whose password is to be replaced.
pub struct PasswordOwner {
    pub user: Stored<User>,
    pub address: Stored<Address>,
    pub factors: Factors,
    /// `None` if no password was ever set, as with passkeys only.
    pub password: Option<Stored<PasswordRecord>>,
    pub epoch: UserEpoch,
}

/// What authorises replacing a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetMethod {
    CurrentPassword,
    /// It proves control of the mailbox. The user may have requested it because an attacker has access to the account.
    MailedLink,
    /// The link that restores a deleted account.
    Restoration,
    /// The link of an account recovery.
    Recovery,
}

impl PasswordOwner {
    /// Takes three reads. The epoch is read first, so that a concurrent revocation of the sessions wins. `None` for a
    /// user who does not exist.
    pub async fn read(accounts: &Accounts, user: UserId) -> Result<Option<Self>, Problem> {
        let Some(epoch) = accounts.find_epoch(user).await? else { return Ok(None) };
        let key = AccountKey::User(user);
        let wanted = Wanted::default().of::<User>(&key).of::<PasswordRecord>(&key);
        let mut found = accounts.look_up(Factors::wanted(wanted, user)).await?;
        let Some(user) = found.take::<User>(&key)? else { return Ok(None) };
        let (password, factors) = (found.take(&key)?, Factors::taken(&mut found, user.id)?);
        let address = accounts.find::<Address>(&AccountKey::email(user.email.as_str())).await?;
        let address = address.ok_or_else(|| Problem::internal("a user's address has no record"))?;
        Ok(Some(Self { user, address, factors, password, epoch }))
    }

    /// Checks that a password is allowed for this account. `proved_by` is how the account is authenticated from then
    /// on. `names` are the names of the user's workspaces, where known.
    pub fn may_have<'a>(
        &'a self,
        password: &Password,
        proved_by: ProvedBy,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), PasswordError> {
        password.is_long_enough(proved_by)?;
        password.suits(&self.user.email, [self.user.name.as_str()].into_iter().chain(names))
    }

    /// Splits off the factors, for a caller that removes some of them.
    pub fn without_factors(self) -> (Self, Factors) {
        let none = Factors::none(self.user.id);
        let Self { user, address, factors, password, epoch } = self;
        (Self { user, address, factors: none, password, epoch }, factors)
    }

    /// How the account is authenticated now.
    pub fn proved_by(&self) -> ProvedBy {
        if self.factors.is_enrolled() { ProvedBy::TwoFactors } else { ProvedBy::PasswordAlone }
    }

    /// Sets the password: ends every session, invalidates emailed reset links, resets the count of failed attempts and
    /// notifies the user. Any method other than the current password also revokes personal access tokens. `turn` holds
    /// further changes to the user's epochs.
    pub async fn set(
        self,
        accounts: &Accounts,
        password: &Password,
        method: ResetMethod,
        changes: AccountChanges,
        turn: EpochTurn,
    ) -> Result<AccountChanges, Problem> {
        let Self { user, mut address, password: old, epoch, .. } = self;
        let (now, length) = (accounts.now(), password.length());
        let hash = password_hash::hash(accounts, password.secret()).await?;
        let record = PasswordRecord { user: user.id, hash, set_at: now, length };
        address.password_was_set();
        let mut changes = changes.replace(&address).turn(user.id, epoch, method.ends(turn));
        changes = match old {
            Some(mut old) => {
                *old = record;
                changes.replace(&old)
            }
            None => changes.insert(&record),
        };
        let key = AccountKey::email(user.email.as_str());
        let letter = match method {
            ResetMethod::CurrentPassword | ResetMethod::MailedLink => letters::password_changed(now),
            ResetMethod::Restoration => letters::account_restored(now),
            ResetMethod::Recovery => letters::account_recovered(now),
        };
        Ok(changes
            .forget::<Attempts>(&key, &"")
            .forget::<Attempts>(&key, &attempts::STEP_UP)
            .event(Occurrence::of(&PASSWORD_CHANGED, user.id).detail(json!({ "by": method.name() })))
            .mail_to(user.id, letter))
    }
}

impl ResetMethod {
    fn ends(self, turn: EpochTurn) -> EpochTurn {
        match self {
            Self::CurrentPassword => turn.and_revoking_sessions(),
            Self::MailedLink | Self::Restoration | Self::Recovery => turn.and_revoking_everything(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::CurrentPassword => "current_password",
            Self::MailedLink => "mailed_link",
            Self::Restoration => "restoration",
            Self::Recovery => "recovery",
        }
    }
}
