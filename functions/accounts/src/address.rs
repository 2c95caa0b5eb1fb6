//! What we know of an e-mail address: whose it is, who wants it, and how often we wrote to it.

use mail::{EmailAddress, Letter};
use serde::{Deserialize, Serialize};
use shared::crypto::link::LinkClaims;
use shared::identity::{AccountKey, AccountRecord};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Refusal;
use shared::kernel::time::{SignedDuration, Timestamp, after};

use crate::{PasswordHash, PersonName};

/// What a mailed link that verifies an address is for.
pub const VERIFY_EMAIL: &str = "verify-email";
/// How long a registration waits for its link.
const REGISTRATION_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// Registrations of one address that wait side by side; a further one drops the oldest.
const REGISTRATIONS_KEPT: usize = 10;
/// Mails that strangers can have us send to one address in an hour.
const LETTERS_PER_HOUR: usize = 5;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

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

/// Why a link verifies nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// One text for all: a link that is forged, for something else, too old, or for an address that is another's now.
    #[error("must be the token of a link that was mailed in the last 24 hours; have a new one sent")]
    Invalid,
}

impl Refusal for LinkError {
    fn status(&self) -> u16 {
        422
    }

    fn code(&self) -> &'static str {
        "link_invalid"
    }

    fn field(&self) -> Option<&'static str> {
        Some("token")
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
        Self { email, owner: None, waiting: Vec::new(), written_to_at: Vec::new() }
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

    /// Gives the address to the user whose link was opened; nobody else can have it from then on.
    pub fn verify(&mut self, user: UserId, now: Timestamp) -> Result<Verified, LinkError> {
        if self.owner == Some(user) {
            return Ok(Verified::Before);
        }
        self.forget(now);
        let at = self.waiting.iter().position(|registration| registration.user == user).ok_or(LinkError::Invalid)?;
        let registration = self.waiting.swap_remove(at);
        self.waiting.clear();
        self.owner = Some(user);
        Ok(Verified::Now(registration))
    }

    fn link(&self) -> Option<Posting> {
        let Registration { user, expires_at, .. } = *self.waiting.last()?;
        let AccountKey::Email(binding) = self.account_key() else { return None };
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

    /// Without an owner it goes when nobody waits for it and the hour's letters are forgotten.
    fn expires_at(&self) -> Option<Timestamp> {
        let waiting = self.waiting.iter().map(|registration| registration.expires_at);
        let letters = self.written_to_at.iter().map(|at| after(*at, HOUR));
        if self.owner.is_some() { None } else { waiting.chain(letters).max() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use shared::kernel::entropy::Entropy;
    use shared::kernel::secrets::SecretBytes;

    use shared::config::PasswordCost;

    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn user(number: u8) -> UserId {
        format!("user_{number:032x}").parse().unwrap()
    }

    fn hash() -> PasswordHash {
        let cost = PasswordCost { memory_kib: 64, passes: 1, lanes: 1 };
        PasswordHash::of(&SecretBytes::new(vec![1]), cost, &Entropy::seeded(1)).unwrap()
    }

    fn register(address: &mut Address, number: u8, now: Timestamp) -> Option<Posting> {
        address.register(user(number), PersonName::parse("Ada").unwrap(), hash(), now)
    }

    fn address() -> Address {
        Address::new("ada@example.com".parse().unwrap())
    }

    #[test]
    fn each_registration_is_verified_by_its_own_link() {
        let mut address = address();
        for number in [1, 2, 3] {
            let posting = register(&mut address, number, START).unwrap();
            let Letter::VerifyEmail { link } = posting.letter else { unreachable!("not the link") };
            assert_eq!((link.user, posting.user), (user(number), user(number)));
        }
        // The victim's registration is neither the first nor the last.
        let Ok(Verified::Now(registration)) = address.verify(user(2), START) else { unreachable!("not verified") };
        assert_eq!((registration.user, address.owner()), (user(2), Some(user(2))));
        assert!(matches!(address.verify(user(2), START), Ok(Verified::Before)));
        assert!(address.verify(user(1), START).is_err() && address.verify(user(3), START).is_err());
        assert!(address.newest_registration(START).is_none() && address.expires_at().is_none());
    }

    #[test]
    fn the_owner_is_told_and_nothing_changes() {
        let mut address = address();
        register(&mut address, 1, START).unwrap();
        address.verify(user(1), START).ok().unwrap();
        let posting = register(&mut address, 2, START).unwrap();
        assert_eq!((posting.user, posting.letter), (user(1), Letter::AlreadyRegistered));
        assert!(address.verify(user(2), START).is_err());
        assert!(address.resend(START).is_none(), "an owner needs no link");
    }

    #[test]
    fn a_link_works_for_a_day() {
        let mut address = address();
        register(&mut address, 1, START).unwrap();
        let late = after(START, REGISTRATION_LIFETIME);
        assert_eq!(address.expires_at(), Some(late));
        assert!(address.verify(user(1), late).is_err());
        assert!(address.newest_registration(late).is_none());
    }

    #[test]
    fn a_link_can_be_sent_again_with_its_full_time() {
        let mut address = address();
        assert!(address.resend(START).is_none(), "nobody waits");
        register(&mut address, 1, START).unwrap();
        let later = after(START, SignedDuration::from_hours(23));
        let Letter::VerifyEmail { link } = address.resend(later).unwrap().letter else { unreachable!("not the link") };
        assert_eq!(link.expires_at, after(later, REGISTRATION_LIFETIME));
        assert!(address.verify(user(1), after(later, SignedDuration::from_hours(2))).is_ok());
    }

    #[test]
    fn nobody_is_flooded_with_our_mail() {
        let mut address = address();
        for number in 0..5 {
            assert!(register(&mut address, number, START).is_some());
        }
        assert!(register(&mut address, 5, START).is_none() && address.resend(START).is_none());
        assert!(address.verify(user(5), START).is_err(), "what is not mailed does not wait");
        assert!(register(&mut address, 6, after(START, HOUR)).is_some());
    }

    #[test]
    fn few_wait_at_a_time() {
        let mut address = address();
        for number in 0..20 {
            register(&mut address, number, after(START, HOUR * i32::from(number))).unwrap();
        }
        assert_eq!(address.waiting.len(), REGISTRATIONS_KEPT);
        assert_eq!(address.waiting[0].user, user(10));
    }
}
