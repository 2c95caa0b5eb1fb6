//! A pending change of a user's email address, to be confirmed by a link emailed to the new address.

use accounts::address::{Address, Posting};
use accounts::mailed_link::DeadLink;
use accounts::user::User;
use mail::{EmailAddress, Letter, SendEmail};
use serde::{Deserialize, Serialize};
use shared::crypto::digest::hex;
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountChanges, AccountKey, AccountRecord, Accounts, SignedIn, UserEpoch, Wanted};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::system_events::{EventKind, Occurrence, Severity};
use shared::table::Stored;

use crate::letters;

pub static EMAIL_CHANGE_ASKED: EventKind = EventKind::security("email_change_asked", Severity::Info);
pub static EMAIL_CHANGED: EventKind = EventKind::security("email_changed", Severity::Info);

/// The purpose of an emailed link that confirms a new address.
pub const CHANGE_EMAIL: &str = "change-email";
/// How long the link is valid: as long as NIST SP 800-63A-4 allows for confirming an address (24 hours). The ten
/// minutes of ASVS 5.0, 6.5.5, apply to codes that sign a user in, which this link does not.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// A requested change. A user has at most one: a new request replaces it and invalidates its link.
///
/// It is only valid in the epoch in which it was requested. If an attacker requested it, the owner is notified at the
/// old address and resets the password; this cancels the change together with the attacker's sessions.
#[derive(Serialize, Deserialize)]
pub struct EmailChange {
    user: UserId,
    /// Distinguishes it from every other change of the user.
    id: String,
    to: EmailAddress,
    epoch: UserEpoch,
    expires_at: Timestamp,
}

impl EmailChange {
    pub fn new(caller: &SignedIn, to: EmailAddress) -> Self {
        let (accounts, user, epoch) = (caller.accounts(), caller.user(), caller.epoch());
        let id = hex(&accounts.entropy().bytes::<16>());
        Self { user, id, to, epoch, expires_at: after(accounts.now(), LIFETIME) }
    }

    /// The changes that store the request and notify the old address. They replace an earlier request.
    pub fn requested(&self, to_old_address: &SendEmail) -> AccountChanges {
        AccountChanges::default()
            .overwrite(self)
            .send(self.user, to_old_address)
            .event(Occurrence::of(&EMAIL_CHANGE_ASKED, self.user))
    }

    /// The letter that confirms the new address.
    pub fn confirming(&self) -> Posting {
        Posting { user: self.user, letter: letters::confirm_email_change(self.link()) }
    }

    /// The link is bound to the new address and to this change.
    pub fn link(&self) -> LinkClaims {
        let binding = format!("{}.{}", AccountKey::email_digest(self.to.as_str()), self.id);
        LinkClaims { purpose: CHANGE_EMAIL.to_owned(), user: self.user, binding, expires_at: self.expires_at }
    }
}

impl AccountRecord for EmailChange {
    const KIND: &'static str = "EMAIL_CHANGE";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}

/// A letter to the current address of a user, even if the user has another address when it is sent.
pub async fn to_old_address(accounts: &Accounts, user: &User, letter: Letter) -> Result<SendEmail, Problem> {
    SendEmail::to_address(accounts, user.id, &user.email, Some(user.name.as_str()), letter, &[]).await
}

/// Applies the email change of a link in one transaction, and notifies the previous address.
///
/// It requires a session of the user who requested it: the link proves control of the mailbox, and the session proves
/// that it is the same person. With the link alone, an attacker could request a victim's address and, once the victim
/// opens the link, own an account with the victim's address.
pub async fn confirm(caller: &SignedIn, link: &LinkClaims) -> Result<EmailAddress, Problem> {
    if link.user != caller.user() {
        return Err(DeadLink::OF_ADDRESS.into());
    }
    let key = AccountKey::User(link.user);
    let mut found = caller.accounts().look_up(Wanted::default().of::<User>(&key).of::<EmailChange>(&key)).await?;
    let user = found.take::<User>(&key)?.filter(|user| !user.is_deleted()).ok_or(DeadLink::OF_ADDRESS)?;
    let change = found.take::<EmailChange>(&key)?.filter(|change| change.link().binding == link.binding);
    match change {
        Some(change) if change.epoch == caller.epoch() => apply(caller.accounts(), user, change).await,
        // A link that is opened again is not an error.
        None if link.binding.split('.').next() == Some(AccountKey::email_digest(user.email.as_str()).as_str()) => {
            Ok(user.into_inner().email)
        }
        _ => Err(DeadLink::OF_ADDRESS.into()),
    }
}

async fn apply(
    accounts: &Accounts,
    mut user: Stored<User>,
    change: Stored<EmailChange>,
) -> Result<EmailAddress, Problem> {
    let now = accounts.now();
    let [old_key, new_key] = [&user.email, &change.to].map(|email| AccountKey::email(email.as_str()));
    let mut found = accounts.look_up(Wanted::default().of::<Address>(&old_key).of::<Address>(&new_key)).await?;
    let old = found.take::<Address>(&old_key)?;
    let old = old.ok_or_else(|| Problem::internal("a user's address has no record"))?;
    let to_old_address = to_old_address(accounts, &user, letters::email_changed(now)).await?;
    user.email = change.to.clone();
    let changes = match found.take::<Address>(&new_key)? {
        Some(mut new) => {
            new.claim(user.id)?;
            new.was_proved(now);
            AccountChanges::default().replace(&new)
        }
        None => {
            let mut new = Address::new(change.to.clone());
            new.claim(user.id)?;
            new.was_proved(now);
            AccountChanges::default().insert(&new)
        }
    };
    let changes = changes
        .delete(&old)
        .replace(&user)
        .delete(&change)
        .or(DeadLink::OF_ADDRESS)
        .send(user.id, &to_old_address)
        .event(Occurrence::of(&EMAIL_CHANGED, user.id));
    accounts.commit(changes).await?;
    Ok(user.into_inner().email)
}
