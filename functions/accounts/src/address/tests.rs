//! Who gets an address, and what is written to it.
#![allow(clippy::unwrap_used)]

use super::*;

const START: Timestamp = Timestamp::UNIX_EPOCH;

fn user(number: u8) -> UserId {
    format!("user_{number:032x}").parse().unwrap()
}

fn hash() -> PasswordHash {
    serde_json::from_str(r#"{"phc":"","pepper":1}"#).unwrap()
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
    assert_eq!(address.due(), Some(late));
    assert!(address.is_over(late) && !address.is_over(START));
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
fn an_address_moves_from_nobody_to_one_user_and_back() {
    let mut address = address();
    register(&mut address, 1, START).unwrap();
    address.claim(user(2)).unwrap();
    assert!(address.verify(user(1), START).is_err(), "who registered it has it too");
    assert_eq!(address.claim(user(3)), Err(AddressError::Taken));
    assert_eq!((address.owner(), address.due()), (Some(user(2)), None));
    address.release(START);
    assert_eq!((address.owner(), address.due()), (None, Some(after(START, HOUR))));
    assert!(address.claim(user(3)).is_ok());
}

#[test]
fn who_is_asked_for_an_address_is_told_as_often_as_any_other() {
    let link = |number| LinkClaims {
        purpose: "change-email".to_owned(),
        user: user(number),
        binding: String::new(),
        expires_at: START,
    };
    let (mut free, mut taken) = (address(), address());
    taken.claim(user(1)).unwrap();
    for _ in 0..5 {
        let (asked, told) = (free.ask_for(link(2), START).unwrap(), taken.ask_for(link(2), START).unwrap());
        assert_eq!((asked.user, asked.letter), (user(2), Letter::ConfirmEmailChange { link: link(2) }));
        assert_eq!((told.user, told.letter), (user(1), Letter::AddressTaken));
    }
    assert!(free.ask_for(link(2), START).is_none() && taken.ask_for(link(2), START).is_none());
}

fn reset(address: &mut Address, now: Timestamp) -> LinkClaims {
    let Letter::ResetPassword { link } = address.request_reset(now).unwrap().letter else { unreachable!("another") };
    link
}

#[test]
fn a_link_resets_until_the_password_is_set() {
    let mut address = address();
    address.claim(user(1)).unwrap();
    let (one, two) = (reset(&mut address, START), reset(&mut address, START));
    assert_eq!((one.user, one.expires_at), (user(1), after(START, RESET_LIFETIME)));
    assert!(address.is_reset_by(&one) && address.is_reset_by(&two), "a mail can be late");
    address.password_was_set();
    assert!(!address.is_reset_by(&one) && !address.is_reset_by(&two));
    let third = reset(&mut address, START);
    assert!(address.is_reset_by(&third));
    address.release(START);
    address.claim(user(2)).unwrap();
    assert!(!address.is_reset_by(&third), "it is another's by now");
    let mut elsewhere = Address::new("ada@example.org".parse().unwrap());
    elsewhere.claim(user(1)).unwrap();
    elsewhere.password_was_set();
    assert!(!elsewhere.is_reset_by(&third), "the user has another address by now");
}

#[test]
fn a_reset_of_what_is_no_account_is_a_verification_or_nothing() {
    let mut address = address();
    assert!(address.request_reset(START).is_none());
    register(&mut address, 1, START).unwrap();
    assert!(matches!(address.request_reset(START).unwrap().letter, Letter::VerifyEmail { .. }));
    for _ in 0..4 {
        address.request_reset(START);
    }
    assert!(address.request_reset(START).is_none(), "as often as any other letter");
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
