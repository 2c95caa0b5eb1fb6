//! One refresh token presented many times in parallel yields at most one successor, and the reuse alarm ends it.
//! Parallel retries of one client raise no alarm.
//!
//! 200 rounds of 64 parallel requests, and 10 of each kind of retry; 50 times as many with `BULKHEAD_LONG=1`.

use std::cell::Cell;
use std::collections::BTreeSet;

use accounts::User;
use futures::future::{join, join_all};
use serde_json::{Value, json};
use shared::crypto::digest::base64url;
use shared::identity::{AccountChanges, AccountKey, Accounts};
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};
use sign_in::routes::{login, refresh_session};
use sign_in::session::{self, AuthMethod, Opening};
use test_support::is_long;
use test_support::people::*;

const AT_ONCE: usize = 64;
/// The alarm is raised within the first responses: the concurrent sign-in starts before this many.
const EARLY: usize = 3;
const ROUNDS: usize = 200;
/// This many of the rounds have a concurrent sign-in.
const WITH_A_LOGIN: usize = 50;
const ROUNDS_OF_RETRIES: usize = 10;

fn rounds(of: usize) -> usize {
    if is_long() { of * 50 } else { of }
}

fn below(app: &TestApp, bound: usize) -> usize {
    usize::from(u16::from_le_bytes(app.entropy().bytes())) % bound
}

/// Opens a session and returns its tokens, bypassing the sign-in route, which this test does not race.
async fn session(app: &TestApp, accounts: &Accounts, user: UserId) -> Value {
    app.advance(SignedDuration::from_millis(1));
    let user = accounts.find::<User>(&AccountKey::User(user)).await.unwrap().unwrap();
    let epoch = accounts.epoch(user.id).await.unwrap();
    let opening = Opening { method: AuthMethod::Password, device: None, epoch };
    let tokens = session::open(accounts, &user, opening, AccountChanges::default()).await.unwrap();
    serde_json::to_value(tokens).unwrap()
}

async fn exchange(app: &TestApp, refresh_token: &Value) -> Response {
    app.call(Request::to(&refresh_session::FUNCTION).json(json!({ "refresh_token": refresh_token }))).await
}

/// How many of these sessions are still alive: their access token and their refresh token are accepted.
async fn alive(app: &TestApp, tokens: &[&Value]) -> usize {
    let mut alive = 0;
    for tokens in tokens {
        app.move_address();
        let accepted = get_me(app, &tokens["access_token"]).await.status == 200;
        let taken = exchange(app, &tokens["refresh_token"]).await.status == 200;
        assert_eq!(accepted, taken, "only one token of the session is alive: {tokens}");
        alive += usize::from(accepted);
    }
    alive
}

/// Sends all requests in parallel from two addresses; `also` runs once some of them were answered.
async fn race<T>(app: &TestApp, token: &Value, also: impl AsyncFn() -> T) -> (Vec<Response>, T) {
    race_with(app, |_| json!({ "refresh_token": token }), also).await
}

async fn race_with<T>(app: &TestApp, body: impl Fn(usize) -> Value, also: impl AsyncFn() -> T) -> (Vec<Response>, T) {
    app.move_address();
    let first = app.address();
    app.move_address();
    let addresses = [first, app.address()];
    let (answered, turn) = (Cell::new(0), below(app, EARLY));
    let thieves = (0..AT_ONCE).map(|n| {
        let (ip, answered, body) = (&addresses[n % 2], &answered, body(n));
        async move {
            let request = Request::to(&refresh_session::FUNCTION).ip(ip).json(body);
            let answer = app.call(request).await;
            answered.set(answered.get() + 1);
            answer
        }
    });
    let inserted = async {
        while answered.get() < turn {
            tokio::task::yield_now().await;
        }
        also().await
    };
    join(join_all(thieves), inserted).await
}

/// Asserts that at most one successor was returned, and that it is dead.
async fn assert_one_dead_successor(app: &TestApp, round: usize, answers: &[Response]) -> usize {
    let mut successors = Vec::new();
    for answer in answers {
        match (answer.status, answer.code()) {
            (200, _) => successors.push(&answer.body),
            (401, "refresh_token_reused" | "session_ended") => {}
            _ => panic!("round {round}: {} {}", answer.status, answer.text),
        }
    }
    assert!(successors.len() <= 1, "round {round}: {} successors", successors.len());
    // Some requests were refused as reuse, so the session must be over.
    let alive = alive(app, &successors).await;
    assert_eq!(alive, 0, "round {round}: the successor outlived the alarm");
    successors.len()
}

#[tokio::test]
async fn parallel_refreshes_yield_at_most_one_successor_and_end_the_session() {
    let app = TestApp::new();
    let (_, user) = user(&app).await;
    let accounts = app.accounts();
    let mut with_successor = 0;
    for round in 0..rounds(ROUNDS - WITH_A_LOGIN) {
        let tokens = session(&app, &accounts, user).await;
        let elsewhere = session(&app, &accounts, user).await;
        let (answers, ()) = race(&app, &tokens["refresh_token"], async || ()).await;
        with_successor += assert_one_dead_successor(&app, round, &answers).await;
        assert_eq!(alive(&app, &[&tokens, &elsewhere]).await, 0, "round {round}: a session outlived the alarm");
    }
    // Otherwise every round would have tested refusals only.
    assert!(with_successor > 0, "no round had a successor");
}

#[tokio::test]
async fn a_sign_in_during_the_reuse_alarm_either_survives_or_ends_completely() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let accounts = app.accounts();
    let (mut after_it, mut not_after_it) = (0, 0);
    for round in 0..rounds(WITH_A_LOGIN) {
        let tokens = session(&app, &accounts, user).await;
        let sign_in = async || {
            let body = json!({ "email": email, "password": PASSWORD });
            let [a, b, c]: [u8; 3] = app.entropy().bytes();
            let own = format!("11.{a}.{b}.{c}");
            app.call(Request::to(&login::FUNCTION).ip(&own).json(body)).await
        };
        let (answers, login) = race(&app, &tokens["refresh_token"], sign_in).await;
        assert_one_dead_successor(&app, round, &answers).await;
        // The sign-in succeeds completely or not at all; successors of the old token are dead in either case.
        let lives = match login.status {
            200 => alive(&app, &[&login.body]).await,
            409 => 0,
            _ => panic!("round {round}: {} {}", login.status, login.text),
        };
        after_it += lives;
        not_after_it += 1 - lives;
        assert_eq!(alive(&app, &[&tokens]).await, 0, "round {round}: the first session outlived the alarm");
    }
    assert!(after_it > 0 && not_after_it > 0, "{after_it} sign-ins after the alarm, {not_after_it} not");
}

/// A unique attempt.
fn attempt(app: &TestApp) -> String {
    base64url(&app.entropy().bytes::<16>())
}

/// The distinct refresh tokens that these answers returned.
fn successors(answers: &[Response]) -> BTreeSet<&str> {
    let given = answers.iter().filter(|answer| answer.status == 200);
    given.map(|answer| answer.body["refresh_token"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn parallel_retries_of_one_attempt_get_the_same_successor() {
    let app = TestApp::new();
    let (_, user) = user(&app).await;
    let accounts = app.accounts();
    for round in 0..rounds(ROUNDS_OF_RETRIES) {
        let tokens = session(&app, &accounts, user).await;
        let body = json!({ "refresh_token": tokens["refresh_token"], "attempt": attempt(&app) });
        let (answers, ()) = race_with(&app, |_| body.clone(), async || ()).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "round {round}: {answers:?}");
        assert_eq!(successors(&answers).len(), 1, "round {round}");
        for answer in &answers {
            get_me(&app, &answer.body["access_token"]).await.expect(200);
        }
        assert_eq!(alive(&app, &[&answers[0].body]).await, 1, "round {round}: the successor is dead");
        let again = app.call(Request::to(&refresh_session::FUNCTION).json(body)).await.expect(401);
        assert_eq!(again.code(), "refresh_token_reused", "round {round}: the successor is spent");
        assert_eq!(alive(&app, &[&answers[0].body]).await, 0, "round {round}: a session outlived the alarm");
    }
}

#[tokio::test]
async fn another_attempt_among_parallel_retries_raises_the_alarm() {
    let app = TestApp::new();
    let (_, user) = user(&app).await;
    let accounts = app.accounts();
    let (mut owners, mut thiefs) = (0, 0);
    for round in 0..rounds(ROUNDS_OF_RETRIES) {
        let tokens = session(&app, &accounts, user).await;
        let (own, other, thief) = (attempt(&app), attempt(&app), below(&app, AT_ONCE / 8));
        let body = |n: usize| {
            let attempt = if n == thief { &other } else { &own };
            json!({ "refresh_token": tokens["refresh_token"], "attempt": attempt })
        };
        let (answers, ()) = race_with(&app, body, async || ()).await;
        for answer in &answers {
            let expected =
                matches!((answer.status, answer.code()), (200, _) | (401, "refresh_token_reused" | "session_ended"));
            assert!(expected, "round {round}: {} {}", answer.status, answer.text);
        }
        assert!(successors(&answers).len() <= 1, "round {round}: two successors");
        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).map(|answer| &answer.body).collect();
        assert_eq!(alive(&app, &won).await, 0, "round {round}: a successor outlived the alarm");
        assert_eq!(alive(&app, &[&tokens]).await, 0, "round {round}: the session outlived the alarm");
        if answers[thief].status == 200 { thiefs += 1 } else { owners += 1 }
    }
    assert!(owners > 0, "{owners} rounds in which the owner came first, {thiefs} in which the thief did");
}
