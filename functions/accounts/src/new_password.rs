//! Setting a password anew: what is read for it, which rules it meets, and what changes with it.

use mail::{Letter, SendEmail};
use serde_json::json;
use shared::events::{EventKind, Occurrence, Severity};
use shared::identity::{AccountChanges, AccountKey, Accounts, UserEpoch, Wanted};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::table::Stored;

use crate::address::Address;
use crate::attempts::Attempts;
use crate::second_factor::Factors;
use crate::user::{PasswordRecord, User};
use crate::{Password, PasswordError, PasswordLength, ProvedBy, password_hash};

/// A password was set anew, by one who knew the old one or by a mailed link.
pub static PASSWORD_CHANGED: EventKind = EventKind::security("password_changed", Severity::Info);

/// An account whose password is to be set anew.
pub struct Holder {
    pub user: Stored<User>,
    pub address: Stored<Address>,
    pub factors: Factors,
    /// None where there never was one, as with passkeys alone.
    pub password: Option<Stored<PasswordRecord>>,
    epoch: UserEpoch,
}

/// By what a password is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warrant {
    OldPassword,
    MailedLink,
}

impl Holder {
    /// Takes three reads. The epoch comes first, so that whatever revokes the sessions meanwhile wins. None for a user who
    /// is not there, or whose account is in the trash.
    pub async fn read(accounts: &Accounts, user: UserId) -> Result<Option<Self>, Problem> {
        let Some(epoch) = accounts.find_epoch(user).await? else { return Ok(None) };
        let key = AccountKey::User(user);
        let wanted = Wanted::default().of::<User>(&key).of::<PasswordRecord>(&key);
        let mut found = accounts.look_up(Factors::wanted(wanted, user)).await?;
        let Some(holder) = found.take::<User>(&key)?.filter(|user| !user.is_deleted()) else { return Ok(None) };
        let (password, factors) = (found.take(&key)?, Factors::taken(&mut found, user)?);
        let address = accounts.find::<Address>(&AccountKey::email(holder.email.as_str())).await?;
        let address = address.ok_or_else(|| Problem::internal("a user's address has no record"))?;
        Ok(Some(Self { user: holder, address, factors, password, epoch }))
    }

    /// Whether a password is good enough for this account. `names` are of the user's workspaces, where they are known.
    pub fn may_have<'a>(
        &'a self,
        password: &Password,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), PasswordError> {
        let is_alone = !self.factors.is_enrolled();
        password.is_long_enough(if is_alone { ProvedBy::PasswordAlone } else { ProvedBy::TwoFactors })?;
        password.suits(&self.user.email, [self.user.name.as_str()].into_iter().chain(names))
    }

    /// Sets it: every session ends, links that were mailed to reset it die, failed attempts on the old one are forgotten,
    /// and the user is told. Second factors stay.
    pub async fn set(
        self,
        accounts: &Accounts,
        password: &Password,
        warrant: Warrant,
    ) -> Result<AccountChanges, Problem> {
        let Self { user, mut address, factors, password: old, epoch } = self;
        let (now, length) = (accounts.now(), password.length());
        let hash = password_hash::hash(accounts, password.secret()).await?;
        let record = PasswordRecord { user: user.id, hash, set_at: now, length };
        address.password_was_set();
        let mut changes = AccountChanges::default().replace(&address).revoke_sessions(user.id, epoch);
        changes = match old {
            Some(mut old) => {
                *old = record;
                changes.replace(&old)
            }
            None => changes.insert(&record),
        };
        if length == PasswordLength::Short {
            changes = beside(factors, changes);
        }
        let letter = Letter::PasswordChanged { name: user.name.as_str().to_owned(), at: now };
        Ok(changes
            .forget::<Attempts>(&AccountKey::email(user.email.as_str()), &"")
            .event(Occurrence::of(&PASSWORD_CHANGED, user.id).detail(json!({ "by": warrant.name() })))
            .send(user.id, &SendEmail { to: user.email.clone(), letter }))
    }
}

/// Requires that the second factors are still there: one that is taken away at this moment would leave a password alone
/// that is too short for it.
fn beside(factors: Factors, mut changes: AccountChanges) -> AccountChanges {
    if let Some(totp) = &factors.totp {
        changes = changes.unchanged(totp);
    }
    if let Some(passkeys) = &factors.passkeys {
        changes = changes.unchanged(passkeys);
    }
    changes
}

impl Warrant {
    fn name(self) -> &'static str {
        match self {
            Self::OldPassword => "old_password",
            Self::MailedLink => "mailed_link",
        }
    }
}
