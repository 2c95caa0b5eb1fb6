//! A refused sign-in and a request for a letter cost the same for every address. Otherwise the time would reveal
//! whether an account exists, and of what kind.
//!
//! Measures the CPU time of the whole route in this process, on one thread, and not the time of the network and the
//! tables, which would add noise. The tables are in the emulator: in this process, their own time would count. 2,000 requests of each kind; 20,000 with `BULKHEAD_LONG=1`.
#![allow(clippy::print_stderr)]

use std::time::Duration;

use accounts::address::Address;
use accounts::password_hash::{self, PasswordHash};
use accounts::routes::request_password_reset;
use accounts::user::PasswordRecord;
use accounts::{PasswordLength, PersonName, User};
use cpu_time::ThreadTime;
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::secrets::SecretText;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};
use sign_in::attempts::Attempts;
use sign_in::routes::login;
use test_support::people::*;

/// Kinds of addresses, all refused with the same text.
const KINDS: [Kind; 4] = [Kind::Unknown, Kind::Argon2id, Kind::Legacy, Kind::Locked];
/// Addresses of each kind, and the rounds of attempts on each.
const ADDRESSES: usize = 25;
const ROUNDS: usize = 80;
const WARM_UP_ROUNDS: usize = 2;
/// How far the probability that one kind takes longer than another may differ from 0.5.
const TOLERANCE: f64 = 0.03;
/// A bcrypt hash of the highest cost that the tests allow.
const IMPORTED: &str = "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Without an account; with a wrong password.
    Unknown,
    /// With an Argon2id hash, and a wrong password.
    Argon2id,
    /// With an imported hash, and a wrong password.
    Legacy,
    /// With an Argon2id hash and the right password, after too many wrong ones.
    Locked,
}

struct Target {
    kind: Kind,
    email: String,
    password: &'static str,
}

/// Creates an address of a kind. A locked one has too many failures, the others have none.
async fn target(app: &TestApp, kind: Kind, hash: &PasswordHash) -> Target {
    let email = email(app);
    let key = AccountKey::email(&email);
    let mut attempts = Attempts::none(key, None, app.now());
    if kind == Kind::Locked {
        (0..100).for_each(|_| attempts.fail(app.now()));
    }
    let mut changes = AccountChanges::default().insert(&attempts);
    if kind != Kind::Unknown {
        let hash = match kind {
            Kind::Legacy => serde_json::from_value(json!({ "bcrypt": IMPORTED })).unwrap(),
            _ => hash.clone(),
        };
        let user = User::new(app.new_id(), email.parse().unwrap(), PersonName::parse("Ada").unwrap(), app.now());
        let mut address = Address::new(user.email.clone());
        address.claim(user.id).unwrap();
        let password = PasswordRecord { user: user.id, hash, set_at: app.now(), length: PasswordLength::Full };
        changes = changes.insert(&address).insert(&password).insert(&user).first_epoch(user.id);
    }
    app.accounts().commit(changes).await.unwrap();
    Target { kind, email, password: if kind == Kind::Locked { PASSWORD } else { "a tram, a lamp and 4 crows" } }
}

/// A response, and the CPU time that the route spent on it.
async fn timed(app: &TestApp, request: Request) -> (Response, Duration) {
    let start = ThreadTime::now();
    let answer = app.call(request).await;
    (answer, start.elapsed())
}

/// The CPU time of one refused sign-in.
async fn refused(app: &TestApp, target: &Target) -> Duration {
    let request = Request::to(&login::FUNCTION).json(json!({ "email": target.email, "password": target.password }));
    app.move_address();
    let (answer, spent) = timed(app, request).await;
    assert_eq!((answer.status, answer.code()), (401, "wrong_credentials"), "{:?}: {}", target.kind, answer.text);
    spent
}

/// Shuffles by the seed (Fisher and Yates).
fn shuffle<T>(app: &TestApp, items: &mut [T]) {
    for end in (1..items.len()).rev() {
        let other = u32::from_le_bytes(app.entropy().bytes()) as usize % (end + 1);
        items.swap(end, other);
    }
}

/// The probability that one of `left` is longer than one of `right`, with ties counted half: the area under an
/// attacker's ROC curve (Mann and Whitney's U divided by both sizes).
fn area(left: &[Duration], right: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> =
        left.iter().map(|time| (*time, true)).chain(right.iter().map(|time| (*time, false))).collect();
    all.sort_unstable();
    let (mut beaten, mut wins) = (0.0, 0.0);
    for equal in all.chunk_by(|one, other| one.0 == other.0) {
        let ours = equal.iter().filter(|(_, is_left)| *is_left).count() as f64;
        let theirs = equal.len() as f64 - ours;
        wins += ours * (beaten + theirs / 2.0);
        beaten += theirs;
    }
    wins / (left.len() * right.len()) as f64
}

/// Adds the durations of `rounds` rounds of `once` on every target. The rounds are far enough `apart` that only the
/// kinds that always hit a limit do.
async fn measure<'a, T>(
    app: &TestApp,
    targets: &'a [T],
    kind: impl Fn(&T) -> usize,
    apart: SignedDuration,
    (rounds, times): (usize, &mut [Vec<Duration>]),
    once: impl AsyncFn(&'a T) -> Duration,
) {
    let mut order: Vec<&T> = targets.iter().collect();
    for _ in 0..rounds {
        app.advance(apart);
        // One unmeasured call refreshes what has expired in the caches.
        once(&targets[0]).await;
        shuffle(app, &mut order);
        for target in &order {
            times[kind(target)].push(once(target).await);
        }
    }
}

fn pairs_that_differ<K: std::fmt::Debug>(kinds: &[K], times: &[Vec<Duration>]) -> Vec<String> {
    let mut faults = Vec::new();
    for (at, left) in kinds.iter().enumerate() {
        for (other, right) in kinds.iter().enumerate().skip(at + 1) {
            let area = area(&times[at], &times[other]);
            let difference = format!("{left:?} against {right:?}: {area:.4}");
            eprintln!("{difference}");
            if (area - 0.5).abs() > TOLERANCE {
                faults.push(difference);
            }
        }
    }
    faults
}

/// Measures each kind, and once more if two differ. With 2,000 measurements of each, the standard deviation of an area
/// is 0.009. A real difference persists with twice as many; a chance one does not.
async fn assert_alike<'a, K: std::fmt::Debug, T>(
    app: &TestApp,
    (kinds, targets): (&[K], &'a [T]),
    kind: impl Fn(&T) -> usize,
    apart: SignedDuration,
    once: impl AsyncFn(&'a T) -> Duration,
) {
    let mut times = vec![Vec::new(); kinds.len()];
    measure(app, targets, &kind, apart, (WARM_UP_ROUNDS, &mut times), &once).await;
    times.iter_mut().for_each(Vec::clear);
    let rounds = if test_support::is_long() { ROUNDS * 10 } else { ROUNDS };
    measure(app, targets, &kind, apart, (rounds, &mut times), &once).await;
    let mut faults = pairs_that_differ(kinds, &times);
    if !faults.is_empty() {
        measure(app, targets, &kind, apart, (rounds, &mut times), &once).await;
        faults = pairs_that_differ(kinds, &times);
    }
    for (kind, times) in kinds.iter().zip(&mut times) {
        times.sort_unstable();
        let [tenth, median] = [times[times.len() / 10], times[times.len() / 2]];
        eprintln!("{kind:?}: {} requests, a tenth within {tenth:?}, half within {median:?}", times.len());
    }
    assert!(faults.is_empty(), "kinds that can be told apart:\n{}", faults.join("\n"));
}

#[tokio::test]
async fn a_refused_sign_in_takes_the_same_time_for_every_kind_of_address() {
    let app = TestApp::in_the_emulator();
    let hash = password_hash::hash(&app.accounts(), &SecretText::new(PASSWORD.to_owned())).await.unwrap();
    let mut targets = Vec::new();
    for _ in 0..ADDRESSES {
        for kind in KINDS {
            targets.push(target(&app, kind, &hash).await);
        }
    }
    let kind = |target: &Target| KINDS.iter().position(|kind| *kind == target.kind).unwrap();
    // Longer than the longest delay, so that only the locked addresses are delayed.
    let apart = SignedDuration::from_mins(16);
    assert_alike(&app, (&KINDS, &targets), kind, apart, async |target| refused(&app, target).await).await;
}

/// The state of an address for which a reset is requested.
#[derive(Clone, Copy, Debug)]
enum State {
    Unknown,
    Owned,
    Deleted,
}

#[tokio::test]
async fn a_reset_request_takes_the_same_time_for_every_kind_of_address() {
    let app = TestApp::in_the_emulator();
    let states = [State::Unknown, State::Owned, State::Deleted];
    let mut targets = Vec::new();
    for _ in 0..ADDRESSES {
        for (kind, state) in states.iter().enumerate() {
            let email = email(&app);
            let mut address = Address::new(email.parse().unwrap());
            address.claim(app.new_id()).unwrap();
            if matches!(state, State::Deleted) {
                address.account_was_deleted(app.now());
            }
            if !matches!(state, State::Unknown) {
                app.accounts().commit(AccountChanges::default().insert(&address)).await.unwrap();
            }
            targets.push((kind, email));
        }
    }
    let asked = async |(_, email): &(usize, String)| {
        let request = Request::to(&request_password_reset::FUNCTION).json(json!({ "email": email }));
        app.move_address();
        let (answer, spent) = timed(&app, request).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        spent
    };
    // Long enough that no letter is withheld.
    let apart = SignedDuration::from_mins(6);
    assert_alike(&app, (&states, &targets), |(kind, _)| *kind, apart, asked).await;
}

#[test]
fn the_area_matches_mann_and_whitney() {
    let times = |millis: &[u64]| millis.iter().map(|ms| Duration::from_millis(*ms)).collect::<Vec<_>>();
    for (left, right, expected) in [
        (&[1, 2][..], &[3, 4][..], 0.0),
        (&[3, 4], &[1, 2], 1.0),
        (&[1, 2], &[1, 2], 0.5),
        (&[5, 5], &[5, 5], 0.5),
        (&[1, 3], &[2], 0.5),
        (&[1, 2, 2, 4], &[2, 3], 9.0 / 24.0),
    ] {
        let area = area(&times(left), &times(right));
        assert!((area - expected).abs() < 1e-12, "{left:?} {right:?}: {area}");
    }
}
