//! What we know of an e-mail address: whose it is, and whether a registration waits for its link.

use mail::{EmailAddress, Letter};
use serde::{Deserialize, Serialize};
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountKey, AccountRecord};
use shared::kernel::ids::UserId;
use shared::kernel::problems::{ProblemCode, Refusal};
use shared::kernel::time::{SignedDuration, Timestamp, after};

use crate::mailed_link::DeadLink;
use crate::problems;
use crate::user::restoring_link;

/// What a mailed link that verifies an address is for.
pub const VERIFY_EMAIL: &str = "verify-email";
/// What a mailed link that sets a new password is for.
pub const RESET_PASSWORD: &str = "reset-password";
/// How long a link that sets a new password works.
pub const RESET_LIFETIME: SignedDuration = SignedDuration::from_mins(30);
/// How long a registration waits for its link.
const REGISTRATION_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// How long the job that deletes unverified registrations may fail.
const PURGED_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The one record of an address. That it is one makes an address have one owner: every change is conditional on it
/// being as it was read.
///
/// Before its link is opened, a registration holds the address and nothing else: no name, no password. The link proves
/// who reads the mailbox, and nothing about who typed what before. If it kept a password, the person who typed it
/// (perhaps a stranger who knew that the owner would register too) could sign in to the account that the owner
/// activates. So the password comes with the link's token, and one registration per address is enough.
#[derive(Serialize, Deserialize)]
pub struct Address {
    email: EmailAddress,
    owner: Option<UserId>,
    /// Only while there is no owner.
    registration: Option<Registration>,
    /// When the owner deleted the account, while it can be restored. The address stays taken until the account is
    /// erased.
    deleted_at: Option<Timestamp>,
    /// When the owner last proved, by a mailed link, that they read its mail: from when on their second factors are taken
    /// for their own. None for an imported account.
    proved_at: Option<Timestamp>,
    /// How often the owner's password was set. A reset link is valid for one value of it.
    passwords_set: u64,
}

/// A sign-up whose address is not verified yet.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Registration {
    /// The id that the user will have.
    user: UserId,
    expires_at: Timestamp,
}

/// Why an address does not become a user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Shown only to the person who reads the address's mail: their link was opened.
    #[error("Another account uses this email address now.")]
    Taken,
}

impl Refusal for AddressError {
    fn problem(&self) -> ProblemCode {
        problems::EMAIL_TAKEN
    }
}

/// What the link of a registration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// The address now has its owner; the rest of the account still has to be created.
    Now,
    /// It already had this owner: the request may be a retry.
    Before,
}

/// A letter and the user whose outbox it leaves from.
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

    /// The user of a registration that can still be verified.
    pub fn registered(&self, now: Timestamp) -> Option<UserId> {
        self.live_registration(now).map(|registration| registration.user)
    }

    /// When the owner last proved that they read its mail.
    pub fn proved_at(&self) -> Option<Timestamp> {
        self.proved_at
    }

    fn live_registration(&self, now: Timestamp) -> Option<Registration> {
        self.registration.filter(|registration| now < registration.expires_at)
    }

    /// Registers the address, or renews the full lifetime of its registration. `user` is the id for a new registration.
    /// Returns the letter: the link, or for an existing account, a note to its owner that there is one.
    pub fn register(&mut self, user: UserId, now: Timestamp) -> Posting {
        if let Some(posting) = self.letter_of_account() {
            return posting;
        }
        let user = self.registered(now).unwrap_or(user);
        let registration = Registration { user, expires_at: after(now, REGISTRATION_LIFETIME) };
        self.registration = Some(registration);
        self.link(registration)
    }

    /// The letter for a request to resend the link. `stranger` is any new id, for an address without an account: it
    /// gets a letter too, so that what we do never depends on whether there is an account.
    pub fn resend(&self, stranger: UserId, now: Timestamp) -> Posting {
        if let Some(posting) = self.letter_of_account() {
            return posting;
        }
        match self.live_registration(now) {
            Some(registration) => self.link(registration),
            None => Posting { user: stranger, letter: Letter::NoAccount },
        }
    }

    /// The letter for a password reset request: the link that sets a new password, or another way into an account.
    pub fn request_reset(&self, stranger: UserId, now: Timestamp) -> Posting {
        match (self.owner, self.deleted_at) {
            (Some(user), None) => {
                let (purpose, binding) = (RESET_PASSWORD.to_owned(), self.reset_binding());
                let link = LinkClaims { purpose, user, binding, expires_at: after(now, RESET_LIFETIME) };
                Posting { user, letter: Letter::ResetPassword { link } }
            }
            _ => self.resend(stranger, now),
        }
    }

    /// The letter to an address that a user wants to move to. If an account already uses it, the letter tells its owner
    /// that nothing changed.
    pub fn ask_for(&self, link: LinkClaims) -> Posting {
        match self.owner {
            Some(owner) => Posting { user: owner, letter: Letter::AddressTaken },
            None => Posting { user: link.user, letter: Letter::ConfirmEmailChange { link } },
        }
    }

    /// Whether a link still sets the owner's password: the address has not moved to another user, nor the user to another
    /// address, and the password was not set since.
    pub fn is_reset_by(&self, link: &LinkClaims) -> bool {
        self.owner == Some(link.user) && link.binding == self.reset_binding()
    }

    /// Ends every link that was sent to reset the password.
    pub fn password_was_set(&mut self) {
        self.passwords_set += 1;
    }

    /// The owner opened a mailed link, and kept no second factor that a stranger may have added before.
    pub fn was_proved(&mut self, now: Timestamp) {
        self.proved_at = Some(now);
    }

    fn reset_binding(&self) -> String {
        format!("{}.{}", AccountKey::email_digest(self.email.as_str()), self.passwords_set)
    }

    /// Gives the address to the user whose registration link was opened; from then on it is taken.
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

    /// Gives the address to a user. A pending registration for it ends.
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

    /// Whether it has no owner and its registration has expired.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.due().is_some_and(|at| at <= now)
    }

    /// The letter to an owner who registers again: that there is an account, or the link that restores a deleted one.
    fn letter_of_account(&self) -> Option<Posting> {
        let user = self.owner?;
        let letter = match self.deleted_at {
            Some(deleted_at) => {
                let link = restoring_link(user, deleted_at);
                Letter::AccountInTrash { erased_at: link.expires_at, link }
            }
            None => Letter::AlreadyRegistered,
        };
        Some(Posting { user, letter })
    }

    fn link(&self, Registration { user, expires_at }: Registration) -> Posting {
        let binding = AccountKey::email_digest(self.email.as_str());
        let link = LinkClaims { purpose: VERIFY_EMAIL.to_owned(), user, binding, expires_at };
        Posting { user, letter: Letter::VerifyEmail { link } }
    }
}

impl AccountRecord for Address {
    const KIND: &'static str = "ADDRESS";

    fn account_key(&self) -> AccountKey {
        AccountKey::email(self.email.as_str())
    }

    /// The table's TTL deletes what the job failed to delete. Until then the record is still read, but an expired
    /// registration has no effect.
    fn expires_at(&self) -> Option<Timestamp> {
        self.due().map(|at| after(at, PURGED_WITHIN))
    }

    /// Without an owner, the record is deleted with its registration.
    fn due(&self) -> Option<Timestamp> {
        match self.owner {
            Some(_) => None,
            None => self.registration.map(|registration| registration.expires_at),
        }
    }
}

#[cfg(test)]
mod tests;
