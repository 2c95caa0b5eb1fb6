//! Every transition of a delivery from every state, and what the sweep does in each state.

#![allow(clippy::unwrap_used)]

use shared::config::Sending;
use shared::kernel::time::after;
use shared::work::backoff;

use channels::publishing::Staged;

use super::*;
use crate::lease::{LEASE, MAX_ATTEMPTS, MAX_LATENESS, MAX_RECONCILIATIONS};
use crate::wall_time::WallTime;

pub(super) const SECOND: SignedDuration = SignedDuration::from_secs(1);
pub(super) const NEVER: SignedDuration = SignedDuration::ZERO;

pub(super) fn due() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

pub(super) fn scheduled() -> Delivery {
    let written = "2026-02-01T00:00:00Z".parse().unwrap();
    let schedule = Schedule::new(WallTime::parse("2026-03-01T12:00:00").unwrap(), "UTC", written).unwrap();
    let id = "dlv_01890a5d000070008000000000000001".parse().unwrap();
    let post_id = "post_01890a5d000070008000000000000002".parse().unwrap();
    Delivery::new(id, post_id, &channel(), schedule, written)
}

pub(crate) fn channel() -> Channel {
    Channel {
        id: "chan_01890a5d000070008000000000000003".parse().unwrap(),
        platform: Platform::Bluesky,
        service: "https://pds.test".to_owned(),
        account_id: "did:plc:a".to_owned(),
        handle: "alice.test".to_owned(),
        own_limits: None,
        connection: channels::Connection::Connected,
        connected_at: Timestamp::UNIX_EPOCH,
        connected_by: "user_01890a5d000070008000000000000004".parse().unwrap(),
    }
}

pub(super) fn intent() -> Intent {
    Intent { account_id: "did:plc:a".to_owned(), request: serde_json::json!({"text": "a"}) }
}

fn published() -> Published {
    let (id, url) = ("at://did:plc:a/app.bsky.feed.post/3k".to_owned(), "https://bsky.app".to_owned());
    Published { id, receipt: "bafy".into(), url }
}

fn publish(delivery: &mut Delivery) -> Result<(), WrongState> {
    delivery.publish(published(), Confirmation::Answer, due())
}

pub(crate) fn error(at: Timestamp) -> DeliveryError {
    DeliveryError { code: "c".to_owned(), text: "t".to_owned(), cure: Cure::Time, at }
}

pub(crate) fn claimed() -> Delivery {
    let mut delivery = scheduled();
    delivery.claim(due()).unwrap();
    delivery
}

pub(crate) fn sending() -> Delivery {
    let mut delivery = claimed();
    delivery.begin(intent(), due()).unwrap();
    delivery
}

fn reconciling() -> Delivery {
    let mut delivery = sending();
    delivery.claim(after(due(), LEASE)).unwrap();
    delivery
}

fn after_step(mut delivery: Delivery, step: impl FnOnce(&mut Delivery) -> Result<(), WrongState>) -> Delivery {
    step(&mut delivery).unwrap();
    delivery
}

/// One delivery in each state; `sending` twice, because reconciling differs from sending.
pub(super) fn every_state() -> [Delivery; 8] {
    [
        scheduled(),
        claimed(),
        sending(),
        reconciling(),
        after_step(sending(), publish),
        after_step(claimed(), |delivery| delivery.fail(error(due()))),
        after_step(scheduled(), |delivery| delivery.hold(error(due()))),
        after_step(scheduled(), |delivery| delivery.cancel(due())),
    ]
}

/// Stores a step of a preparation, as a platform that is then working for this long.
pub(super) fn stage(delivery: &mut Delivery, wait_s: u32, now: Timestamp) -> Result<AfterStaging, WrongState> {
    let staged = Staged { account_id: "did:plc:a".to_owned(), state: "container 1".into() };
    delivery.stage("digest".to_owned(), staged, wait_s, now)
}

pub(super) type Step = fn(&mut Delivery) -> Result<(), WrongState>;

/// The whole table: each transition, and the state of each of `every_state` afterwards. A dash is a refusal.
pub(super) const TABLE: [(&str, Step, [&str; 8]); 12] = [
    ("claim", |d| d.claim(due()), ["claimed", "claimed", "sending", "sending", "-", "-", "-", "-"]),
    ("begin", |d| d.begin(intent(), due()), ["-", "sending", "-", "-", "-", "-", "-", "-"]),
    ("claim again", |d| d.claim_again(due()).map(drop), ["-", "claimed", "-", "-", "-", "-", "-", "-"]),
    ("stage", |d| stage(d, 60, due()).map(drop), ["-", "claimed", "-", "-", "-", "-", "-", "-"]),
    ("send again", |d| d.send_again(due()).map(drop), ["-", "-", "sending", "sending", "-", "-", "-", "-"]),
    ("publish", publish, ["-", "-", "published", "published", "-", "-", "-", "-"]),
    ("fail", |d| d.fail(error(due())), ["failed", "failed", "failed", "failed", "-", "-", "-", "-"]),
    ("hold", |d| d.hold(error(due())), ["held", "held", "held", "held", "-", "-", "-", "-"]),
    ("postpone", |d| d.postpone(error(due()), NEVER), ["-", "scheduled", "scheduled", "sending", "-", "-", "-", "-"]),
    ("doubt", |d| d.doubt(error(due()), NEVER), ["-", "-", "sending", "sending", "-", "-", "-", "-"]),
    ("cancel", |d| d.cancel(due()), ["cancelled", "cancelled", "-", "-", "-", "-", "-", "-"]),
    ("replace", |d| d.replace(due()), ["-", "-", "-", "-", "-", "failed", "held", "-"]),
];

#[test]
fn each_state_allows_exactly_its_transitions() {
    for (name, step, expected) in TABLE {
        for (before, expected) in every_state().into_iter().zip(expected) {
            let mut delivery = before.clone();
            match step(&mut delivery) {
                Ok(()) => assert_eq!(delivery.state.name(), expected, "{name} of {}", before.state.name()),
                Err(wrong) => {
                    assert_eq!("-", expected, "{name} of {}: {wrong}", before.state.name());
                    assert_eq!(delivery, before, "a refused {name} changed the delivery");
                }
            }
        }
    }
}

#[test]
fn only_unsettled_deliveries_are_due() {
    let due_at: Vec<_> = every_state().iter().map(|delivery| delivery.due().map(|due| due.at)).collect();
    let lease = Some(after(due(), LEASE));
    let again = Some(after(after(due(), LEASE), LEASE));
    assert_eq!(due_at, [Some(due()), lease, lease, again, None, None, None, None]);
}

#[test]
fn a_recorded_intent_is_never_replaced() {
    let kept = |delivery: &Delivery| match delivery.state() {
        State::Sending { intent, begun_by, .. } => Some((intent.clone(), *begun_by)),
        _ => None,
    };
    for step in [TABLE[0].1, TABLE[9].1] {
        let delivery = after_step(sending(), step);
        assert_eq!(kept(&delivery), Some((intent(), 1)));
    }
    assert_eq!(kept(&after_step(reconciling(), TABLE[8].1)), Some((intent(), 1)), "postponed while reconciling");
}

#[test]
fn a_message_acts_only_on_its_own_claim() {
    let now = due();
    assert_eq!(claimed().work(1, now, Sending::On), Work::Publish);
    assert_eq!(reconciling().work(2, now, Sending::On), Work::Reconcile(intent()));
    for (delivery, attempt) in [(claimed(), 0), (claimed(), 2), (reconciling(), 1), (sending(), 1), (scheduled(), 0)] {
        let work = delivery.work(attempt, now, Sending::On);
        assert!(matches!(work, Work::Nothing(_)), "{} {attempt}: {work:?}", delivery.state.name());
    }
    for settled in every_state().into_iter().skip(4) {
        assert!(matches!(settled.work(settled.attempt, now, Sending::On), Work::Nothing(_)));
    }
}

#[test]
fn an_attempt_with_too_little_lease_does_not_start() {
    let function_s = SignedDuration::from_secs(120);
    let lease_until = after(due(), LEASE);
    assert_eq!(claimed().work(1, after(lease_until, -function_s), Sending::On), Work::Publish);
    let late = after(lease_until, -function_s + SECOND);
    assert!(matches!(claimed().work(1, late, Sending::On), Work::Nothing(_)));
    let send_s = SignedDuration::from_secs(60);
    assert!(claimed().may_send(after(lease_until, -send_s)));
    assert!(!claimed().may_send(after(lease_until, -send_s + SECOND)));
    assert!(!scheduled().may_send(due()));
}

fn swept(mut delivery: Delivery, now: Timestamp, sending: Sending) -> (Swept, Delivery) {
    let swept = delivery.sweep(now, sending).unwrap();
    (swept, delivery)
}

#[test]
fn a_delivery_due_within_a_minute_is_claimed_for_its_second() {
    let early = after(due(), -SignedDuration::from_secs(61));
    assert_eq!(swept(scheduled(), early, Sending::On), (Swept::Nothing, scheduled()));
    let (outcome, delivery) = swept(scheduled(), after(early, SECOND), Sending::On);
    assert_eq!(outcome, Swept::Claimed { not_before: due() });
    assert_eq!(delivery, claimed());
    let late = after(due(), SECOND * 90);
    let (outcome, delivery) = swept(scheduled(), late, Sending::On);
    assert_eq!(outcome, Swept::Claimed { not_before: late }, "a late delivery is claimed for now");
    assert_eq!(delivery.due().unwrap().at, after(late, LEASE));
}

#[test]
fn a_leased_delivery_is_not_swept_until_its_lease_ends() {
    let ends = after(due(), LEASE);
    for delivery in [claimed(), sending()] {
        assert_eq!(swept(delivery.clone(), after(ends, -SECOND), Sending::On), (Swept::Nothing, delivery));
    }
    let (outcome, delivery) = swept(claimed(), ends, Sending::On);
    assert_eq!(outcome, Swept::Claimed { not_before: after(ends, backoff(delivery.id.as_bytes(), 1)) });
    assert_eq!((delivery.attempt, delivery.state.name()), (2, "claimed"));
}

#[test]
fn each_claim_sends_an_intent_again_once_and_never_its_own() {
    let (mut delivery, now) = (reconciling(), after(due(), LEASE));
    assert_eq!(sending().send_again(due()), Ok(false), "the attempt that recorded the intent");
    assert_eq!(
        delivery.clone().send_again(after(now, LEASE - SECOND * 59)),
        Ok(false),
        "too little of the lease is left"
    );
    assert_eq!((delivery.send_again(now), delivery.send_again(now)), (Ok(true), Ok(false)));
    assert!(matches!(delivery.work(2, now, Sending::On), Work::Nothing(_)), "a repeated message");
    delivery.claim(after(now, LEASE)).unwrap();
    assert!(matches!(delivery.work(3, after(now, LEASE), Sending::On), Work::Reconcile(_)));
    assert_eq!(delivery.send_again(after(now, LEASE)), Ok(true));
}

#[test]
fn an_expired_lease_with_an_intent_is_reconciled_after_the_settle_time() {
    let ends = after(due(), LEASE);
    let (outcome, delivery) = swept(sending(), ends, Sending::On);
    assert_eq!(outcome, Swept::Claimed { not_before: after(ends, SECOND * 30) });
    assert!(matches!(delivery.work(2, ends, Sending::On), Work::Reconcile(_)));
    assert!(matches!(delivery.work(1, ends, Sending::On), Work::Nothing(_)));
    let much_later = after(ends, SECOND * 600);
    assert_eq!(swept(sending(), much_later, Sending::On).0, Swept::Claimed { not_before: much_later });
}

#[test]
fn a_repeated_sweep_has_one_effect() {
    for delivery in every_state() {
        let now = delivery.due().map_or(due(), |due| due.at);
        let (_, once) = swept(delivery, now, Sending::On);
        assert_eq!(swept(once.clone(), now, Sending::On), (Swept::Nothing, once));
    }
}

#[test]
fn a_delivery_a_day_late_fails_as_missed() {
    let late = after(after(due(), MAX_LATENESS), SECOND);
    for delivery in [scheduled(), claimed()] {
        let (outcome, delivery) = swept(delivery, late, Sending::On);
        assert_eq!(outcome, Swept::Settled);
        assert_eq!((delivery.state.name(), delivery.last_error.unwrap().code.as_str()), ("failed", "missed"));
    }
    assert_eq!(
        swept(sending(), late, Sending::On).1.state.name(),
        "sending",
        "a possible publication is still reconciled"
    );
}

#[test]
fn a_claim_without_outcome_is_renewed_with_a_full_lease() {
    let (mut delivery, soon) = (claimed(), after(due(), SECOND * 9));
    assert_eq!(delivery.claim_again(soon), Ok(true));
    assert_eq!((delivery.attempt, delivery.due().unwrap().at), (2, after(soon, LEASE)));
    assert_eq!(delivery.work(2, soon, Sending::On), Work::Publish);
    assert!(matches!(delivery.work(1, soon, Sending::On), Work::Nothing(_)));
}

#[test]
fn a_delivery_fails_after_its_last_attempt() {
    let mut delivery = claimed();
    delivery.attempt = MAX_ATTEMPTS;
    assert_eq!(delivery.claim_again(due()), Ok(false));
    assert_eq!(delivery.attempt, MAX_ATTEMPTS);
    let mut delivery = claimed();
    delivery.attempt = MAX_ATTEMPTS;
    let (outcome, delivery) = swept(delivery, after(due(), LEASE), Sending::On);
    assert_eq!((outcome, delivery.last_error.unwrap().code.as_str()), (Swept::Settled, "gave_up"));
    let mut delivery = claimed();
    delivery.attempt = MAX_ATTEMPTS;
    delivery.postpone(error(due()), NEVER).unwrap();
    assert_eq!(delivery.state.name(), "failed");
}

#[test]
fn a_delivery_is_held_when_the_platform_never_answers() {
    let mut delivery = sending();
    let mut now = due();
    for _ in 0..MAX_RECONCILIATIONS {
        delivery.doubt(error(now), NEVER).unwrap();
        now = delivery.due().unwrap().at;
        assert!(matches!(delivery.sweep(now, Sending::On), Ok(Swept::Claimed { .. })));
    }
    let asked_once_more = after_step(delivery.clone(), |delivery| delivery.doubt(error(now), NEVER));
    assert_eq!(asked_once_more.state.name(), "held");
    now = delivery.due().unwrap().at;
    let (outcome, delivery) = swept(delivery, now, Sending::On);
    assert_eq!((outcome, delivery.last_error.unwrap().code.as_str()), (Swept::Settled, "outcome_unknown"));
}

#[test]
fn a_platforms_wait_is_honoured_until_the_last_instant() {
    let hour = SignedDuration::from_hours(1);
    let delivery = after_step(claimed(), |delivery| delivery.postpone(error(due()), hour));
    assert_eq!(delivery.due().unwrap().at, after(due(), hour));
    let delivery = after_step(claimed(), |delivery| delivery.postpone(error(due()), MAX_LATENESS + SECOND));
    assert_eq!((delivery.state.name(), delivery.last_error), ("failed", Some(error(due()))));
}

#[test]
fn deliveries_do_not_move_while_sending_is_off() {
    for delivery in every_state() {
        assert_eq!(swept(delivery.clone(), after(due(), LEASE * 9), Sending::Off), (Swept::Nothing, delivery.clone()));
        assert!(matches!(delivery.work(delivery.attempt, due(), Sending::Off), Work::Nothing(_)));
    }
}

#[test]
fn after_a_restore_possibly_sent_deliveries_are_held_and_intents_reconciled() {
    let restored_to = after(due(), -SECOND * 600);
    let resumed_at = after(due(), SECOND * 3600);
    let resumed = Sending::Resumed { restored_to, resumed_at };
    for delivery in [scheduled(), claimed()] {
        assert!(matches!(delivery.work(delivery.attempt, due(), resumed), Work::Nothing(_)));
        let (outcome, delivery) = swept(delivery, resumed_at, resumed);
        assert_eq!(outcome, Swept::Settled);
        assert_eq!((delivery.state.name(), delivery.last_error.unwrap().code.as_str()), ("held", "service_restored"));
    }
    assert_eq!(swept(sending(), resumed_at, resumed).1.state.name(), "sending");
    // Restored before the lease of an earlier claim ended.
    let between = Sending::Resumed { restored_to: after(due(), SECOND * 10), resumed_at };
    assert_eq!(swept(claimed(), resumed_at, between).1.state.name(), "held");
    // A delivery that is postponed past the resumption was handled by this deployment.
    let delivery = after_step(claimed(), |delivery| delivery.postpone(error(resumed_at), NEVER));
    let now = delivery.due().unwrap().at;
    assert!(matches!(swept(delivery, now, resumed).0, Swept::Claimed { .. }));
}

#[test]
fn deliveries_of_a_post_share_a_key_prefix() {
    let delivery = scheduled();
    let key = delivery.key();
    let key: &DeliveryKey = key.borrow();
    assert_eq!(key.to_string(), format!("{}#{}", delivery.post_id, delivery.id));
    assert!(key.to_string().starts_with(&deliveries_of(delivery.post_id)));
}

#[test]
fn a_stored_delivery_round_trips() {
    for delivery in every_state() {
        let stored = serde_json::to_value(&delivery).unwrap();
        assert_eq!(serde_json::from_value::<Delivery>(stored).unwrap(), delivery);
    }
}
