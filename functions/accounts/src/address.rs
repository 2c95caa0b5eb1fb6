//! What we know of an e-mail address: whose it is, who wants it, and how often we wrote to it.

use mail::{EmailAddress, Letter};
use serde::{Deserialize, Serialize};
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountKey, AccountRecord};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Refusal;
use shared::kernel::time::{SignedDuration, Timestamp, after};

use crate::mailed_link::DeadLink;
use crate::{PasswordHash, PersonName};

/// What a mailed link that verifies an address is for.
pub const VERIFY_EMAIL: &str = "verify-email";
/// What a mailed link that sets a new password is for.
pub const RESET_PASSWORD: &str = "reset-password";
/// How long a link that sets a new password works.
const RESET_LIFETIME: SignedDuration = SignedDuration::from_mins(30);
/// How long a registration waits for its link.
const REGISTRATION_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// Registrations of one address that wait side by side; a further one drops the oldest.
const REGISTRATIONS_KEPT: usize = 10;
/// Mails that strangers can have us send to one address in an hour.
const LETTERS_PER_HOUR: usize = 5;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// How long the job that deletes what nobody verified may fail.
const PURGED_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The one record of an address. That it is one makes an address have one owner: every change is conditional on it
/// being as it was read.
///
/// An address can be registered by several people at a time, each with their own password, until one of them opens the
/// link that was mailed for **their** registration. Were there one password per address, whoever registers a victim's
/// address first (or again) would own the account that the victim then verifies.
#[derive(Serialize, Deserialize)]
pub struct Address {
    email: EmailAddress,
    owner: Option<UserId>,
    /// Oldest first. Empty once there is an owner.
    waiting: Vec<Registration>,
    /// When we wrote to it, as far as it still counts.
    written_to_at: Vec<Timestamp>,
    /// How often the owner's password was set anew. A link that resets it is good for one number.
    #[serde(default)]
    passwords_set: u64,
}

/// A sign-up that waits for its address to be verified.
#[derive(Clone, Serialize, Deserialize)]
pub struct Registration {
    /// The id that the user will have.
    pub user: UserId,
    pub name: PersonName,
    pub password: PasswordHash,
    pub expires_at: Timestamp,
}

/// Why an address does not become a user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Only to who reads the mail of the address: their link was opened.
    #[error("The address has an account of its own by now.")]
    Taken,
}

impl Refusal for AddressError {
    fn status(&self) -> u16 {
        409
    }

    fn code(&self) -> &'static str {
        "email_taken"
    }
}

/// What a link did.
pub enum Verified {
    /// The registration became an account; the rest of the account is to be made of it.
    Now(Registration),
    /// It had done so before: a link that is opened twice is no fault.
    Before,
}

/// A letter and the user whose outbox it leaves from.
pub struct Posting {
    pub user: UserId,
    pub letter: Letter,
}

impl Address {
    pub fn new(email: EmailAddress) -> Self {
        Self { email, owner: None, waiting: Vec::new(), written_to_at: Vec::new(), passwords_set: 0 }
    }

    pub fn email(&self) -> &EmailAddress {
        &self.email
    }

    pub fn owner(&self) -> Option<UserId> {
        self.owner
    }

    /// The registration that a sign-in is measured against: the newest.
    pub fn newest_registration(&self, now: Timestamp) -> Option<&Registration> {
        self.waiting.last().filter(|registration| now < registration.expires_at)
    }

    /// Takes a registration in. Returns what is to be written to the address: to a stranger the link, to the owner that
    /// there is an account already, to one who was written to often enough nothing.
    pub fn register(
        &mut self,
        user: UserId,
        name: PersonName,
        password: PasswordHash,
        now: Timestamp,
    ) -> Option<Posting> {
        self.forget(now);
        if !self.may_be_written_to(now) {
            return None;
        }
        if let Some(owner) = self.owner {
            return Some(Posting { user: owner, letter: Letter::AlreadyRegistered });
        }
        self.waiting.push(Registration { user, name, password, expires_at: after(now, REGISTRATION_LIFETIME) });
        let superfluous = self.waiting.len().saturating_sub(REGISTRATIONS_KEPT);
        self.waiting.drain(..superfluous);
        self.link()
    }

    /// Has the newest registration's link sent again, with its full time.
    pub fn resend(&mut self, now: Timestamp) -> Option<Posting> {
        self.forget(now);
        if !self.may_be_written_to(now) {
            return None;
        }
        let newest = self.waiting.last_mut()?;
        newest.expires_at = after(now, REGISTRATION_LIFETIME);
        self.link()
    }

    /// Has a link sent by which the owner sets a new password. Whoever waits to be the owner gets the link that makes them
    /// so again, and anybody else nothing.
    pub fn request_reset(&mut self, now: Timestamp) -> Option<Posting> {
        let Some(user) = self.owner else { return self.resend(now) };
        self.forget(now);
        if !self.may_be_written_to(now) {
            return None;
        }
        let (purpose, binding) = (RESET_PASSWORD.to_owned(), self.reset_binding());
        let link = LinkClaims { purpose, user, binding, expires_at: after(now, RESET_LIFETIME) };
        Some(Posting { user, letter: Letter::ResetPassword { link } })
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

    fn reset_binding(&self) -> String {
        format!("{}.{}", AccountKey::email_digest(self.email.as_str()), self.passwords_set)
    }

    /// Gives the address to the user whose link was opened; nobody else can have it from then on.
    pub fn verify(&mut self, user: UserId, now: Timestamp) -> Result<Verified, DeadLink> {
        if self.owner == Some(user) {
            return Ok(Verified::Before);
        }
        self.forget(now);
        let at = self.waiting.iter().position(|registration| registration.user == user).ok_or(DeadLink::OF_ADDRESS)?;
        let registration = self.waiting.swap_remove(at);
        self.waiting.clear();
        self.owner = Some(user);
        Ok(Verified::Now(registration))
    }

    /// Has it told that a user wants it for theirs. Returns what is to be written to it: to nobody's address the link,
    /// to an owner that it stays theirs, to one who was written to often enough nothing.
    pub fn ask_for(&mut self, link: LinkClaims, now: Timestamp) -> Option<Posting> {
        self.forget(now);
        if !self.may_be_written_to(now) {
            return None;
        }
        Some(match self.owner {
            Some(owner) => Posting { user: owner, letter: Letter::AddressTaken },
            None => Posting { user: link.user, letter: Letter::ConfirmEmailChange { link } },
        })
    }

    /// Gives the address to a user who had another one. Registrations that wait for it end.
    pub fn claim(&mut self, user: UserId) -> Result<(), AddressError> {
        if self.owner.is_some() {
            return Err(AddressError::Taken);
        }
        self.waiting.clear();
        self.owner = Some(user);
        Ok(())
    }

    /// Takes it from its owner, who has another one now. It is forgotten with the letters of this hour.
    pub fn release(&mut self, now: Timestamp) {
        self.forget(now);
        self.owner = None;
        // The letter that tells it counts as any other; were there none, nothing would make the record go.
        self.written_to_at.push(now);
    }

    /// Whether nobody has it, nobody waits for it, and the hour's letters are forgotten.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.due().is_some_and(|at| at <= now)
    }

    fn link(&self) -> Option<Posting> {
        let Registration { user, expires_at, .. } = *self.waiting.last()?;
        let binding = AccountKey::email_digest(self.email.as_str());
        let link = LinkClaims { purpose: VERIFY_EMAIL.to_owned(), user, binding, expires_at };
        Some(Posting { user, letter: Letter::VerifyEmail { link } })
    }

    fn forget(&mut self, now: Timestamp) {
        self.waiting.retain(|registration| now < registration.expires_at);
        self.written_to_at.retain(|at| now < after(*at, HOUR));
    }

    /// Counts one attempt to have us write. It counts for any address, so that none can be told by what is stored.
    fn may_be_written_to(&mut self, now: Timestamp) -> bool {
        let may = self.written_to_at.len() < LETTERS_PER_HOUR;
        if may {
            self.written_to_at.push(now);
        }
        may
    }
}

impl AccountRecord for Address {
    const KIND: &'static str = "ADDRESS";

    fn account_key(&self) -> AccountKey {
        AccountKey::email(self.email.as_str())
    }

    /// The table deletes what the job failed to. Until then it is read, and says nothing: what has expired in it counts
    /// for nothing.
    fn expires_at(&self) -> Option<Timestamp> {
        self.due().map(|at| after(at, PURGED_WITHIN))
    }

    /// Without an owner it goes when nobody waits for it and the hour's letters are forgotten.
    fn due(&self) -> Option<Timestamp> {
        let waiting = self.waiting.iter().map(|registration| registration.expires_at);
        let letters = self.written_to_at.iter().map(|at| after(*at, HOUR));
        if self.owner.is_some() { None } else { waiting.chain(letters).max() }
    }
}

#[cfg(test)]
mod tests;
