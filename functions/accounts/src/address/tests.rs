//! Ownership of an address, and the letters sent to it.
#![allow(clippy::unwrap_used)]

use super::*;

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn user(number: u8) -> UserId {
    format!("user_{number:032x}").parse().unwrap()
}

fn address() -> Address {
    Address::new("ada@example.com".parse().unwrap())
}

fn owned_by(number: u8) -> Address {
    let mut address = address();
    address.claim(user(number)).unwrap();
    address
}

fn verification(posting: Posting) -> LinkClaims {
    assert_eq!(posting.letter.subject(), letters::VERIFY_EMAIL);
    posting.letter.link().unwrap().clone()
}

#[test]
fn a_second_registration_of_an_address_renews_the_first() {
    let mut address = address();
    let first = verification(address.register(user(1), START));
    let later = after(START, SignedDuration::from_hours(1));
    let second = verification(address.register(user(2), later));
    assert_eq!((first.user, second.user), (user(1), user(1)), "a second registration was created");
    assert_eq!(second.expires_at, after(later, REGISTRATION_LIFETIME), "the lifetime must be renewed");
    assert_eq!(address.verify(user(1), later), Ok(Verified::Now));
    assert_eq!((address.owner(), address.proved_at()), (Some(user(1)), Some(later)));
    assert_eq!(address.verify(user(1), later), Ok(Verified::Before));
    assert!(address.verify(user(2), later).is_err());
    assert!(address.registered(later).is_none() && address.expires_at().is_none());
}

#[test]
fn a_registration_stores_only_its_user_and_expiry() {
    let mut address = address();
    address.register(user(1), START);
    let stored = serde_json::to_value(&address).unwrap();
    let held: Vec<_> = stored["registration"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(held, ["expires_at", "user"]);
}

#[test]
fn a_registration_of_an_owned_address_only_notifies_the_owner() {
    let mut address = owned_by(1);
    for posting in [address.register(user(2), START), address.resend(user(2), START)] {
        assert_eq!((posting.user, posting.letter), (user(1), letters::already_registered()));
    }
    assert!(address.verify(user(2), START).is_err());
}

#[test]
fn every_letter_to_a_deleted_account_has_the_restore_link() {
    let mut address = owned_by(1);
    address.account_was_deleted(START);
    let restores = |posting: Posting| {
        let link = restoring_link(user(1), START);
        assert_eq!((posting.user, posting.letter), (user(1), letters::account_in_trash(link)));
    };
    restores(address.register(user(2), START));
    restores(address.resend(user(2), START));
    restores(address.request_reset(user(2), START));
    restores(address.ask_for(Posting { user: user(2), letter: letters::no_account() }));
    address.account_was_restored();
    assert_eq!(address.register(user(2), START).letter, letters::already_registered());
}

#[test]
fn an_address_without_an_account_gets_a_letter() {
    let address = address();
    for posting in [address.resend(user(9), START), address.request_reset(user(9), START)] {
        assert_eq!((posting.user, posting.letter), (user(9), letters::no_account()));
    }
}

#[test]
fn a_registration_expires_after_a_day() {
    let mut address = address();
    address.register(user(1), START);
    let late = after(START, REGISTRATION_LIFETIME);
    assert_eq!(address.due(), Some(late));
    assert!(address.is_over(late) && !address.is_over(START));
    assert!(address.verify(user(1), late).is_err());
    assert!(address.registered(late).is_none());
    let renewed = verification(address.register(user(2), late));
    assert_eq!(renewed.user, user(2), "an expired registration was reused");
}

#[test]
fn a_resent_link_expires_with_its_registration() {
    let mut address = address();
    address.register(user(1), START);
    let later = after(START, SignedDuration::from_hours(23));
    assert_eq!(verification(address.resend(user(9), later)).expires_at, after(START, REGISTRATION_LIFETIME));
    assert_eq!(verification(address.request_reset(user(9), later)).user, user(1), "the same registration");
    let late = after(START, REGISTRATION_LIFETIME);
    assert_eq!(address.resend(user(9), late).letter, letters::no_account());
}

#[test]
fn claiming_an_address_ends_its_registration() {
    let mut address = address();
    address.register(user(1), START);
    address.claim(user(2)).unwrap();
    assert!(address.verify(user(1), START).is_err(), "the address has two owners");
    assert_eq!(address.claim(user(3)), Err(AddressError::Taken));
    assert_eq!((address.owner(), address.due()), (Some(user(2)), None));
}

#[test]
fn a_change_to_an_address_sends_a_link_or_notifies_its_owner() {
    let confirming = || Posting { user: user(2), letter: Letter::about("Confirm your new email address") };
    let (asked, told) = (address().ask_for(confirming()), owned_by(1).ask_for(confirming()));
    assert_eq!((asked.user, asked.letter), (user(2), confirming().letter));
    assert_eq!((told.user, told.letter), (user(1), letters::address_taken()));
}

fn reset(address: &Address) -> LinkClaims {
    let letter = address.request_reset(user(9), START).letter;
    assert_eq!(letter.subject(), letters::RESET_PASSWORD);
    letter.link().unwrap().clone()
}

#[test]
fn a_reset_link_is_valid_until_the_password_is_set() {
    let mut address = owned_by(1);
    let (one, two) = (reset(&address), reset(&address));
    assert_eq!((one.user, one.expires_at), (user(1), after(START, RESET_LIFETIME)));
    assert!(address.is_reset_by(&one) && address.is_reset_by(&two), "an email can be late");
    address.password_was_set();
    assert!(!address.is_reset_by(&one) && !address.is_reset_by(&two));
    let third = reset(&address);
    assert!(address.is_reset_by(&third));
    let mut other = owned_by(2);
    other.password_was_set();
    assert!(!other.is_reset_by(&third), "the address now belongs to another user");
    let mut elsewhere = Address::new("ada@example.org".parse().unwrap());
    elsewhere.claim(user(1)).unwrap();
    elsewhere.password_was_set();
    assert!(!elsewhere.is_reset_by(&third), "the user now has another address");
}
