//! How sessions are leased, renewed and replaced.
#![allow(clippy::unwrap_used, clippy::panic)]
use serde_json::json;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn sealed(name: &str) -> Sealed {
    serde_json::from_value(json!({ "v": 1, "key": "k", "wrapped": "w", "sealed": name })).unwrap()
}

const ANSWERED: Reuse = Reuse::Answered { for_s: 7_200 };

fn renewed(access: Option<(&str, i64)>, refresh: Option<&str>, server: Option<&str>) -> RenewedTokens {
    RenewedTokens {
        access: access.map(|(name, second)| (sealed(name), at(second))),
        refresh: refresh.map(sealed),
        renewable_until: None,
        server: server.map(str::to_owned),
    }
}

/// A session whose access token ends at second 7,200.
fn session() -> ChannelSession {
    let channel = "chan_01999999999970008000000000000001".parse().unwrap();
    let (access, refresh) = (sealed("a1"), Some(sealed("r1")));
    let tokens = Tokens { access, access_expires_at: Some(at(7_200)), refresh, app: None, renewable_until: None };
    ChannelSession::new(channel, "https://pds.test/".to_owned(), tokens, at(0))
}

#[test]
fn a_token_is_renewed_when_it_has_less_than_five_minutes_left() {
    assert_eq!(session().next_step(at(0), None), Step::Use);
    assert_eq!(session().next_step(at(6_899), None), Step::Use);
    assert_eq!(session().next_step(at(6_900), None), Step::Renew);
    assert_eq!(session().next_step(at(9_000), None), Step::Renew);
}

#[test]
fn a_refused_token_is_renewed_once() {
    let mut session = session();
    assert_eq!(session.next_step(at(0), Some(1)), Step::Renew);
    session.renew(&renewed(Some(("a2", 9_000)), None, None), at(0));
    assert_eq!(session.next_step(at(0), Some(1)), Step::Use);
}

#[test]
fn during_a_renewal_others_use_the_current_token_or_wait() {
    let mut session = session();
    session.lease_to("me", at(6_900), ANSWERED);
    assert_eq!(session.next_step(at(6_901), None), Step::Use);
    assert_eq!(session.next_step(at(6_901), Some(1)), Step::Wait(at(6_930)));
    session.lease_to("me", at(7_190), ANSWERED);
    assert_eq!(session.next_step(at(7_191), None), Step::Wait(at(7_220)));
    assert_eq!(session.next_step(at(7_220), None), Step::Renew);
}

#[test]
fn a_call_longer_than_the_rest_of_the_lease_does_not_start() {
    let mut session = session();
    let call = SignedDuration::from_secs(10);
    assert!(!session.is_leased_to("me", at(0), call));
    session.lease_to("me", at(0), ANSWERED);
    assert!(session.is_leased_to("me", at(19), call));
    assert!(!session.is_leased_to("me", at(20), call));
    assert!(!session.is_leased_to("you", at(0), call));
    session.rest();
    assert!(!session.is_leased_to("me", at(0), call));
}

#[test]
fn an_omitted_token_keeps_the_stored_one() {
    let mut session = session();
    session.lease_to("me", at(0), ANSWERED);
    session.renew(&renewed(None, None, None), at(0));
    assert!(session.tokens.access == sealed("a1") && session.tokens.refresh == Some(sealed("r1")));
    assert_eq!((session.generation, session.server.as_str()), (1, "https://pds.test/"));
    assert!(!session.is_leased_to("me", at(0), SignedDuration::ZERO));
    session.renew(&renewed(None, Some("r2"), Some("https://new.test/")), at(0));
    assert!(session.tokens.access == sealed("a1") && session.tokens.refresh == Some(sealed("r2")));
    assert_eq!(session.server, "https://new.test/");
    session.renew(&renewed(Some(("a2", 9)), None, None), at(0));
    assert!(session.tokens.access == sealed("a2") && session.tokens.refresh == Some(sealed("r2")));
}

#[test]
fn a_session_of_an_earlier_release_is_read() {
    let sealed = |name: &str| json!({ "v": 1, "key": "k", "wrapped": "w", "sealed": name });
    let stored = json!({
        "channel": "chan_01999999999970008000000000000001", "server": "https://pds.test/", "access": sealed("a1"),
        "access_expires_at": at(7_200), "refresh": sealed("r1"), "generation": 1, "lease": null,
    });
    let read: ChannelSession = serde_json::from_value(stored).unwrap();
    assert!(read.tokens == session().tokens);
}

#[test]
fn a_new_sign_in_without_a_refresh_token_keeps_the_stored_one() {
    let mut session = session();
    let tokens =
        Tokens { access: sealed("a2"), access_expires_at: None, refresh: None, app: None, renewable_until: None };
    session.replace(tokens, "https://new.test/".to_owned(), at(0));
    assert!((session.tokens.access, session.tokens.refresh) == (sealed("a2"), Some(sealed("r1"))));
}

#[test]
fn a_failed_renewal_is_repeated_after_a_wait_and_a_lasting_token_is_used_until_then() {
    let mut session = session();
    session.lease_to("me", at(7_000), ANSWERED);
    session.fail(&CallError::NotSent("no route".to_owned()), ANSWERED, at(7_001));
    assert_eq!(session.unknown_since(), None);
    assert_eq!(session.next_step(at(7_002), None), Step::Use);
    let Step::PutOff { until, code, .. } = session.next_step(at(7_002), Some(1)) else { panic!("renewed at once") };
    assert!(until >= at(7_031) && until < at(7_040), "{until}");
    assert_eq!(code, "platform_unreachable");
    assert_eq!(session.next_step(until, Some(1)), Step::Renew);
    session.lease_to("me", until, ANSWERED);
    session.fail(&CallError::NotSent("no route".to_owned()), ANSWERED, until);
    let Step::PutOff { until: later, .. } = session.next_step(until, Some(1)) else { panic!("renewed at once") };
    assert!(later >= after(until, SignedDuration::from_secs(60)), "{later}");
    session.renew(&renewed(Some(("a2", 20_000)), None, None), later);
    assert_eq!(session.next_step(later, Some(1)), Step::Use);
}

#[test]
fn a_renewal_without_a_readable_answer_or_end_has_an_unknown_outcome_until_one_succeeds() {
    let mut session = session();
    session.lease_to("me", at(7_000), ANSWERED);
    session.fail(&CallError::NoAnswer("timeout".to_owned()), ANSWERED, at(7_010));
    assert_eq!(session.unknown_since(), Some(at(7_010)));
    session.lease_to("me", at(7_100), ANSWERED);
    session.fail(&CallError::NotSent("no route".to_owned()), ANSWERED, at(7_101));
    assert_eq!(session.unknown_since(), Some(at(7_010)), "a later failure says nothing about the first");
    session.renew(&renewed(None, None, None), at(7_200));
    assert_eq!(session.unknown_since(), None);
    // The function under this lease died.
    session.lease_to("me", at(7_300), ANSWERED);
    assert_eq!(session.unknown_since(), None);
    session.lease_to("you", at(7_400), ANSWERED);
    assert_eq!(session.unknown_since(), Some(at(7_330)));
}

#[test]
fn a_token_of_one_use_is_leased_for_the_longest_run() {
    let mut session = session();
    session.lease_to("me", at(7_200), Reuse::EndsSession);
    assert_eq!(session.next_step(at(7_529), None), Step::Wait(at(7_530)));
    assert_eq!(session.next_step(at(7_530), None), Step::Renew);
}

#[test]
fn a_session_is_due_before_it_is_lost_and_after_an_unknown_outcome() {
    let mut session = session();
    assert!(!session.is_due(Timestamp::MAX), "no end is known");
    session.tokens.renewable_until = Some(at(9_000));
    session.renew(&renewed(None, None, None), at(0));
    assert!(!session.is_due(at(5_999)) && session.is_due(at(6_000)));
    session.lease_to("me", at(100), ANSWERED);
    assert!(!session.is_due(at(129)) && session.is_due(at(130)), "an abandoned renewal is not taken up");
    session.fail(&CallError::NoAnswer("timeout".to_owned()), ANSWERED, at(110));
    assert!(!session.is_due(at(139)) && session.is_due(at(150)), "an unknown outcome is not repeated");
    session.renew(&renewed(None, None, None), at(200));
    session.fail(&CallError::NotSent("no route".to_owned()), ANSWERED, at(210));
    assert!(!session.is_due(at(6_066)) && session.is_due(at(6_067)));
    session.rest();
    assert!(!session.is_due(Timestamp::MAX));
}

#[test]
fn a_renewal_with_an_unknown_outcome_is_repeated_while_it_is_answered() {
    let waits = |reuse| {
        let mut session = session();
        let wait = |number| {
            session.fail(&CallError::NoAnswer("timeout".to_owned()), reuse, at(number));
            let Step::PutOff { until, .. } = session.next_step(at(number), Some(1)) else { panic!("renewed at once") };
            until.duration_since(at(number)).as_secs()
        };
        (0..8).map(wait).collect::<Vec<_>>()
    };
    assert!(waits(Reuse::Answered { for_s: 400 }).iter().all(|wait| *wait <= 50));
    assert!(*waits(Reuse::EndsSession).last().unwrap() >= 900);
}
