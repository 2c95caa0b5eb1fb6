//! The cost of a refused sign-in and of a request for a letter: the same for everybody, because otherwise the time
//! would reveal who has an account, and of what kind.
//!
//! The time of the network and of the tables is not measured, but the processor time of the whole route in this process,
//! on one thread: less is hidden in noise. 2,000 requests of each kind; 20,000 with `BULKHEAD_LONG=1`.
#![allow(clippy::print_stderr)]

use std::time::Duration;

use accounts::address::Address;
use accounts::routes::request_password_reset;
use accounts::user::PasswordRecord;
use accounts::{PasswordHash, PasswordLength, PersonName, User};
use cpu_time::ThreadTime;
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, TestApp};
use sign_in::attempts::Attempts;
use sign_in::routes::login;
use test_support::people::*;

/// Kinds of addresses, all of them refused in the same words.
const KINDS: [Kind; 4] = [Kind::Unknown, Kind::Argon2id, Kind::Legacy, Kind::Locked];
/// Addresses of each kind, and how often each is tried.
const ADDRESSES: usize = 25;
const ROUNDS: usize = 80;
const WARM_UP_ROUNDS: usize = 2;
/// How far from 0.5 the probability may be that one kind takes longer than another.
const TOLERANCE: f64 = 0.03;
/// A bcrypt hash of the highest cost that the tests allow.
const IMPORTED: &str = "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Nobody's; with a wrong password.
    Unknown,
    /// With a hash of ours, and a wrong password.
    Argon2id,
    /// With an imported hash, and a wrong password.
    Legacy,
    /// With a hash of ours and the right password, after too many wrong ones.
    Locked,
}

struct Target {
    kind: Kind,
    email: String,
    password: &'static str,
}

/// Makes an address of a kind, and how often it failed before: never, or too often.
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

/// The processor time of one refused sign-in.
async fn refused(app: &TestApp, target: &Target) -> Duration {
    let request = Request::to(&login::FUNCTION).json(json!({ "email": target.email, "password": target.password }));
    app.move_address();
    let start = ThreadTime::now();
    let answer = app.call(request).await;
    let spent = start.elapsed();
    assert_eq!((answer.status, answer.code()), (401, "wrong_credentials"), "{:?}: {}", target.kind, answer.text);
    spent
}

/// In an order that the seed decides (Fisher and Yates).
fn shuffle<T>(app: &TestApp, items: &mut [T]) {
    for end in (1..items.len()).rev() {
        let other = u32::from_le_bytes(app.entropy().bytes()) as usize % (end + 1);
        items.swap(end, other);
    }
}

/// The probability that one of `left` is longer than one of `right`, equal ones counted half: the area under the curve
/// that plots what an attacker hits against what they miss (Mann and Whitney's U over both sizes).
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

/// Adds so many more times of each kind: how long `once` takes on a target, in rounds far enough apart that only the
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
        // What is fetched anew after this while is fetched here.
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
            let told = format!("{left:?} against {right:?}: {area:.4}");
            eprintln!("{told}");
            if (area - 0.5).abs() > TOLERANCE {
                faults.push(told);
            }
        }
    }
    faults
}

/// Measures each kind, and once more if two differ. With 2,000 of each an area strays by 0.009, one standard deviation.
/// A real difference stays with twice as many; a chance one does not.
async fn must_be_alike<'a, K: std::fmt::Debug, T>(
    app: &TestApp,
    (kinds, targets): (&[K], &'a [T]),
    kind: impl Fn(&T) -> usize,
    apart: SignedDuration,
    once: impl AsyncFn(&'a T) -> Duration,
) {
    let mut times = vec![Vec::new(); kinds.len()];
    measure(app, targets, &kind, apart, (WARM_UP_ROUNDS, &mut times), &once).await;
    times.iter_mut().for_each(Vec::clear);
    let rounds = if std::env::var("BULKHEAD_LONG").is_ok() { ROUNDS * 10 } else { ROUNDS };
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
async fn a_refused_sign_in_takes_the_same_for_everybody() {
    let app = TestApp::new();
    let (_, user) = user(&app).await;
    let hash = app.accounts().find::<PasswordRecord>(&AccountKey::User(user)).await.unwrap().unwrap().into_inner().hash;
    let mut targets = Vec::new();
    for _ in 0..ADDRESSES {
        for kind in KINDS {
            targets.push(target(&app, kind, &hash).await);
        }
    }
    let kind = |target: &Target| KINDS.iter().position(|kind| *kind == target.kind).unwrap();
    // Longer than the longest delay, so that no address but the locked ones ever has to wait.
    let apart = SignedDuration::from_mins(16);
    must_be_alike(&app, (&KINDS, &targets), kind, apart, async |target| refused(&app, target).await).await;
}

/// The state of an address for which somebody requests a reset.
#[derive(Clone, Copy, Debug)]
enum Standing {
    Unknown,
    Owned,
    Deleted,
}

#[tokio::test]
async fn a_request_for_a_reset_takes_the_same_for_every_address() {
    let app = TestApp::new();
    let standings = [Standing::Unknown, Standing::Owned, Standing::Deleted];
    let mut targets = Vec::new();
    for _ in 0..ADDRESSES {
        for (kind, standing) in standings.iter().enumerate() {
            let email = email(&app);
            let mut address = Address::new(email.parse().unwrap());
            address.claim(app.new_id()).unwrap();
            if matches!(standing, Standing::Deleted) {
                address.account_was_deleted(app.now());
            }
            if !matches!(standing, Standing::Unknown) {
                app.accounts().commit(AccountChanges::default().insert(&address)).await.unwrap();
            }
            targets.push((kind, email));
        }
    }
    let asked = async |(_, email): &(usize, String)| {
        let request = Request::to(&request_password_reset::FUNCTION).json(json!({ "email": email }));
        app.move_address();
        let start = ThreadTime::now();
        let answer = app.call(request).await;
        let spent = start.elapsed();
        assert_eq!(answer.status, 202, "{}", answer.text);
        spent
    };
    // So that no letter is ever withheld.
    let apart = SignedDuration::from_mins(6);
    must_be_alike(&app, (&standings, &targets), |(kind, _)| *kind, apart, asked).await;
}

#[test]
fn the_area_is_that_of_mann_and_whitney() {
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
