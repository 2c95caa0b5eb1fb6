//! An email address: its owner, and its pending registration.

use mail::{EmailAddress, Letter};
use serde::{Deserialize, Serialize};
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountKey, AccountRecord};
use shared::kernel::ids::UserId;
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::table::DomainEntry;

use crate::mailed_link::DeadLink;
use crate::user::restoring_link;
use crate::{letters, problems};

/// The purpose of an emailed link that verifies an address.
pub const VERIFY_EMAIL: &str = "verify-email";
/// The purpose of an emailed link that resets the password.
pub const RESET_PASSWORD: &str = "reset-password";
/// How long a reset link is valid.
pub const RESET_LIFETIME: SignedDuration = SignedDuration::from_mins(30);
/// How long a registration can be verified.
const REGISTRATION_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// How long the job that deletes unverified registrations may fail before the table's TTL deletes them.
const PURGED_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The single record of an address. It guarantees that an address has at most one owner: every change is conditional on
/// the record being unchanged since it was read.
///
/// Until its link is opened, a registration holds only the address: no name and no password. The link proves control of
/// the mailbox, but not that the mailbox's owner made the registration. If the registration held a password, an
/// attacker who registered the address first could sign in to the account that the owner activates. So the password is
/// sent with the link's token, and one registration per address is enough.
#[derive(Serialize, Deserialize)]
pub struct Address {
    email: EmailAddress,
    owner: Option<UserId>,
    /// Only while the address has no owner.
    registration: Option<Registration>,
    /// When the owner deleted the account, while it can be restored. The address stays taken until the account is
    /// erased.
    deleted_at: Option<Timestamp>,
    /// When the owner last proved control of the mailbox by an emailed link. Second factors from before then are
    /// considered the owner's own. `None` for an imported account.
    proved_at: Option<Timestamp>,
    /// How often the owner's password was set. A reset link is bound to this number.
    passwords_set: u64,
}

/// A registration whose address is not verified yet.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Registration {
    /// The id that the user will have.
    user: UserId,
    expires_at: Timestamp,
}

/// Why a user cannot claim an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Only shown to a user who proved control of the mailbox by a link.
    #[error("Another account now uses this email address. Use another address.")]
    Taken,
}

impl Refusal for AddressError {
    fn problem(&self) -> ProblemCode {
        problems::EMAIL_TAKEN
    }
}

/// The result of verifying a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// The address now has its owner; the rest of the account still has to be created.
    Now,
    /// The address already had this owner: the request may be a retry.
    Before,
}

/// A letter, and the user in whose outbox it is queued.
pub struct Posting {
    pub user: UserId,
    pub letter: Letter,
}

impl Address {
    pub fn new(email: EmailAddress) -> Self {
        Self { email, owner: None, registration: None, deleted_at: None, proved_at: None, passwords_set: 0 }
    }

    pub fn email(&self) -> &EmailAddress {
        &self.email
    }

    pub fn owner(&self) -> Option<UserId> {
        self.owner
    }

    /// When the owner deleted the account, while it can be restored.
    pub fn deleted_at(&self) -> Option<Timestamp> {
        self.deleted_at
    }

    /// The user of a registration that can still be verified.
    pub fn registered(&self, now: Timestamp) -> Option<UserId> {
        self.live_registration(now).map(|registration| registration.user)
    }

    /// When the owner last proved control of the mailbox.
    pub fn proved_at(&self) -> Option<Timestamp> {
        self.proved_at
    }

    fn live_registration(&self, now: Timestamp) -> Option<Registration> {
        self.registration.filter(|registration| now < registration.expires_at)
    }

    /// Registers the address, or renews the full lifetime of its registration. `user` is the id for a new registration.
    /// Returns the letter: the verification link, or a note to the owner of an existing account.
    pub fn register(&mut self, user: UserId, now: Timestamp) -> Posting {
        if let Some(posting) = self.letter_of_account() {
            return posting;
        }
        let user = self.registered(now).unwrap_or(user);
        let registration = Registration { user, expires_at: after(now, REGISTRATION_LIFETIME) };
        self.registration = Some(registration);
        self.link(registration)
    }

    /// The letter for a request to resend the link. `stranger` is a new id for an address without an account: it gets a
    /// letter, too, so that our actions never depend on whether an account exists.
    pub fn resend(&self, stranger: UserId, now: Timestamp) -> Posting {
        if let Some(posting) = self.letter_of_account() {
            return posting;
        }
        match self.live_registration(now) {
            Some(registration) => self.link(registration),
            None => Posting { user: stranger, letter: letters::no_account() },
        }
    }

    /// The letter for a password reset request: the reset link, or the letter that [`Self::resend`] gives.
    pub fn request_reset(&self, stranger: UserId, now: Timestamp) -> Posting {
        match (self.owner, self.deleted_at) {
            (Some(user), None) => {
                let (purpose, binding) = (RESET_PASSWORD.to_owned(), self.reset_binding());
                let link = LinkClaims { purpose, user, binding, expires_at: after(now, RESET_LIFETIME) };
                Posting { user, letter: letters::reset_password(link) }
            }
            _ => self.resend(stranger, now),
        }
    }

    /// The letter to an address that a user wants to move to: the one that confirms it. If an account already uses it, the
    /// letter tells its owner that nothing changed, or how to restore the account.
    pub fn ask_for(&self, confirming: Posting) -> Posting {
        match (self.owner, self.deleted_at) {
            (Some(user), None) => Posting { user, letter: letters::address_taken() },
            _ => self.letter_of_account().unwrap_or(confirming),
        }
    }

    /// Whether a reset link is still valid: the address still has the same owner, and the password was not set since.
    pub fn is_reset_by(&self, link: &LinkClaims) -> bool {
        self.owner == Some(link.user) && link.binding == self.reset_binding()
    }

    /// Invalidates every reset link.
    pub fn password_was_set(&mut self) {
        self.passwords_set += 1;
    }

    /// The owner opened an emailed link, and the account has no second factor left that an attacker may have added
    /// recently.
    pub fn was_proved(&mut self, now: Timestamp) {
        self.proved_at = Some(now);
    }

    fn reset_binding(&self) -> String {
        format!("{}.{}", AccountKey::email_digest(self.email.as_str()), self.passwords_set)
    }

    /// Verifies a registration by its link and makes its user the owner.
    pub fn verify(&mut self, user: UserId, now: Timestamp) -> Result<Verified, DeadLink> {
        if self.owner == Some(user) {
            return Ok(Verified::Before);
        }
        match self.live_registration(now) {
            Some(registration) if registration.user == user && self.owner.is_none() => {
                self.become_owned_by(user);
                self.was_proved(now);
                Ok(Verified::Now)
            }
            _ => Err(DeadLink::OF_ADDRESS),
        }
    }

    /// Makes a user the owner. Ends a pending registration.
    pub fn claim(&mut self, user: UserId) -> Result<(), AddressError> {
        if self.owner.is_some() {
            return Err(AddressError::Taken);
        }
        self.become_owned_by(user);
        Ok(())
    }

    fn become_owned_by(&mut self, user: UserId) {
        self.registration = None;
        self.owner = Some(user);
    }

    /// The owner deleted their account.
    pub fn account_was_deleted(&mut self, at: Timestamp) {
        self.deleted_at = Some(at);
    }

    /// The owner restored their account.
    pub fn account_was_restored(&mut self) {
        self.deleted_at = None;
    }

    /// Whether the record can be deleted: it has no owner, and its registration has expired.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.due().is_some_and(|at| at <= now)
    }

    /// The letter to an existing owner: a note about the account, or the link that restores a deleted account.
    fn letter_of_account(&self) -> Option<Posting> {
        let user = self.owner?;
        let letter = match self.deleted_at {
            Some(deleted_at) => letters::account_in_trash(restoring_link(user, deleted_at)),
            None => letters::already_registered(),
        };
        Some(Posting { user, letter })
    }

    fn link(&self, Registration { user, expires_at }: Registration) -> Posting {
        let binding = AccountKey::email_digest(self.email.as_str());
        let link = LinkClaims { purpose: VERIFY_EMAIL.to_owned(), user, binding, expires_at };
        Posting { user, letter: letters::verify_email(link) }
    }
}

impl AccountRecord for Address {
    const KIND: &'static str = "ADDRESS";

    fn account_key(&self) -> AccountKey {
        AccountKey::email(self.email.as_str())
    }

    /// The table's TTL deletes records that the job failed to delete. Until then, an expired registration has no
    /// effect.
    fn expires_at(&self) -> Option<Timestamp> {
        self.due().map(|at| after(at, PURGED_WITHIN))
    }

    /// Without an owner, the record is deleted when its registration expires.
    fn due(&self) -> Option<Timestamp> {
        match self.owner {
            Some(_) => None,
            None => self.registration.map(|registration| registration.expires_at),
        }
    }

    /// Only an owner is found: until its link is opened, anyone may have made a registration.
    fn domain(&self) -> Option<DomainEntry> {
        self.owner.map(|owner| DomainEntry::new(self.email.domain(), owner))
    }
}

#[cfg(test)]
mod tests;
