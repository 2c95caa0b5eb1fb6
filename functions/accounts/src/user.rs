//! A user: a person with a verified email address and a password.

use mail::EmailAddress;
use serde::{Deserialize, Serialize};
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountKey, AccountRecord};
use shared::kernel::ids::UserId;
use shared::kernel::time::{SignedDuration, Timestamp, after};

use crate::mailed_link::DeadLink;
use crate::{PasswordHash, PasswordLength, PersonName};

/// The purpose of an emailed link that restores a deleted account.
pub const RESTORE_ACCOUNT: &str = "restore-account";
/// How long a deleted account can be restored (claim 44).
pub const TRASH_WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The time between the expiry of a restore link and the erasure: longer than any request that may still be using the
/// link.
const ERASED_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// A person with an account. It is created when the address is verified.
#[derive(Clone, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    /// Verified and unique.
    pub email: EmailAddress,
    pub name: PersonName,
    pub created_at: Timestamp,
    /// When the user deleted the account. From then on, sign-ins are refused as if it did not exist.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}

impl User {
    pub fn new(id: UserId, email: EmailAddress, name: PersonName, created_at: Timestamp) -> Self {
        Self { id, email, name, created_at, deleted_at: None }
    }

    /// Whether the account is deleted.
    pub fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Puts the account into the trash. Returns the link that restores it until it expires. It is bound to this deletion:
    /// a restored account that is deleted again has another one.
    pub fn delete(&mut self, now: Timestamp) -> LinkClaims {
        self.deleted_at = Some(now);
        restoring_link(self.id, now)
    }

    /// Restores the account by the link of its deletion.
    pub fn restore(&mut self, link: &LinkClaims) -> Result<(), DeadLink> {
        let deleted_at = self.deleted_at.ok_or(DeadLink::OF_DELETION)?;
        if link.binding != deleted_at.to_string() {
            return Err(DeadLink::OF_DELETION);
        }
        self.deleted_at = None;
        Ok(())
    }

    /// Whether the account is due for erasure.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.due().is_some_and(|at| at <= now)
    }
}

/// The link that restores an account that was deleted at `deleted_at`.
pub fn restoring_link(user: UserId, deleted_at: Timestamp) -> LinkClaims {
    let (purpose, binding) = (RESTORE_ACCOUNT.to_owned(), deleted_at.to_string());
    LinkClaims { purpose, user, binding, expires_at: after(deleted_at, TRASH_WINDOW) }
}

impl AccountRecord for User {
    const KIND: &'static str = "USER";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.id)
    }

    fn due(&self) -> Option<Timestamp> {
        self.deleted_at.map(|at| after(after(at, TRASH_WINDOW), ERASED_AFTER))
    }
}

/// A user's password, separate from the profile, so that code that shows a profile never reads it.
#[derive(Serialize, Deserialize)]
pub struct PasswordRecord {
    pub user: UserId,
    pub hash: PasswordHash,
    pub set_at: Timestamp,
    /// An imported password counts as short until its user signs in.
    #[serde(default = "full")]
    pub length: PasswordLength,
}

/// All passwords were full length before the length was recorded.
fn full() -> PasswordLength {
    PasswordLength::Full
}

impl PasswordRecord {
    /// Whether it must not be the only factor.
    pub fn is_short(&self) -> bool {
        self.length == PasswordLength::Short
    }
}

impl AccountRecord for PasswordRecord {
    const KIND: &'static str = "PASSWORD";

    fn account_key(&self) -> AccountKey {
        AccountKey::User(self.user)
    }

    /// Always due, so that the job that counts weak hashes finds every one: tables are never scanned.
    fn due(&self) -> Option<Timestamp> {
        Some(self.set_at)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn user() -> User {
        let id = format!("user_{:032x}", 1).parse().unwrap();
        User::new(id, "ada@example.com".parse().unwrap(), PersonName::parse("Ada").unwrap(), START)
    }

    #[test]
    fn an_account_is_restored_only_by_the_link_of_its_last_deletion() {
        let mut user = user();
        let first = user.delete(START);
        assert!(user.is_deleted());
        user.restore(&first).unwrap();
        assert!(!user.is_deleted() && user.due().is_none());
        assert_eq!(user.restore(&first), Err(DeadLink::OF_DELETION), "the account is not deleted");
        let second = user.delete(after(START, SignedDuration::from_secs(1)));
        assert_eq!(user.restore(&first), Err(DeadLink::OF_DELETION), "the link belongs to the previous deletion");
        user.restore(&second).unwrap();
    }

    #[test]
    fn an_account_is_not_erased_while_its_link_is_valid() {
        let mut user = user();
        assert!(!user.is_over(Timestamp::MAX), "the account is not deleted");
        let link = user.delete(START);
        assert_eq!(link.expires_at, after(START, TRASH_WINDOW));
        assert!(!user.is_over(link.expires_at));
        assert!(user.is_over(after(link.expires_at, ERASED_AFTER)));
    }

    /// `mail` reads the record, and knows nothing of this crate.
    #[test]
    fn a_user_record_has_what_a_letter_needs() {
        let user = user();
        let reader: mail::Reader = serde_json::from_value(serde_json::to_value(&user).unwrap()).unwrap();
        assert_eq!((reader.email, reader.name.as_deref()), (user.email, Some("Ada")));
    }

    #[test]
    fn a_record_without_deleted_at_is_not_deleted() {
        let mut json = serde_json::to_value(user()).unwrap();
        json.as_object_mut().unwrap().remove("deleted_at");
        assert!(!serde_json::from_value::<User>(json).unwrap().is_deleted());
    }
}
