//! Signing keys: rotation and withdrawal.

use serde_json::{Value, json};
use shared::crypto::digest::from_base64url;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, TestApp};
use sign_in::jobs::{rotate_signing_keys, withdraw_signing_key};
use sign_in::routes::get_jwks;
use test_support::people::*;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The key that signed a token.
fn kid(tokens: &Value) -> String {
    let head = tokens["access_token"].as_str().unwrap().split('.').next().unwrap();
    let head: Value = serde_json::from_slice(&from_base64url(head).unwrap()).unwrap();
    head["kid"].as_str().unwrap().to_owned()
}

/// The published keys, as seen by a client with an empty cache.
async fn published(app: &TestApp) -> Vec<String> {
    let set = app.call(Request::to(&get_jwks::FUNCTION)).await.expect(200).body;
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// Long enough that every process reads the keys again.
fn pass_a_minute(app: &TestApp) {
    app.advance(SignedDuration::from_secs(60));
}

async fn events(app: &TestApp, name: &str) -> Vec<String> {
    let events = app.events_since(app.now() - SignedDuration::from_hours(1)).await.unwrap();
    events.into_iter().filter(|event| event.name == name).map(|event| event.subject).collect()
}

async fn withdraw(app: &TestApp, kid: &str) -> Result<Value, String> {
    let answer = app.run(&withdraw_signing_key::FUNCTION, json!({ "kid": kid })).await;
    answer.map_err(|problem| problem.code().to_owned())
}

#[tokio::test]
async fn a_key_is_published_a_day_before_it_signs_and_removed_a_day_after() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    app.tick(&rotate_signing_keys::FUNCTION).await.unwrap();
    let mut seen = vec![kid(&login(&app, &email, PASSWORD).await.expect(200).body)];
    let begun_at = app.now();
    let mut rotations = Vec::new();
    // The days of a rotation, the days around them, and some without a change.
    for day in [1, 2, 15, 28, 29, 30, 31, 32, 45, 57, 58, 59, 60, 61] {
        // The daily run, a minute early, on time or late.
        let early = SignedDuration::from_mins(day % 3 - 1);
        let run_at = begun_at + DAY * i32::try_from(day).unwrap() - early;
        app.advance(run_at.duration_since(app.now()));
        let before = login(&app, &email, PASSWORD).await.expect(200).body;
        app.tick(&rotate_signing_keys::FUNCTION).await.unwrap();
        app.advance(SignedDuration::from_millis(1));
        let (set, next) = (published(&app).await, events(&app, "signing_key_rotated").await);
        app.tick(&rotate_signing_keys::FUNCTION).await.unwrap();
        pass_a_minute(&app);
        let again = (published(&app).await, events(&app, "signing_key_rotated").await);
        assert!(again.0.len() <= 2 && again.1 == next, "day {day}: a second run did something: {set:?}, {again:?}");

        // A user who signed in before the run continues, with the same token and with a refreshed one.
        get_me(&app, &before["access_token"]).await.expect(200);
        let after = refresh(&app, &before["refresh_token"]).await.expect(200).body;
        get_me(&app, &after["access_token"]).await.expect(200);
        let keys = again.0;
        assert!(keys.contains(&kid(&before)) && keys.contains(&kid(&after)), "day {day}: {keys:?}");
        if !seen.contains(&kid(&after)) {
            assert_eq!(again.1, [kid(&after)], "day {day}");
            seen.push(kid(&after));
            rotations.push(day);
        }
        // A key is published one day before it signs, and removed one day after it last signed.
        let expected: Vec<_> = match (day, &seen[..]) {
            (29, [first]) => vec![first.clone(), keys[1].clone()],
            (30, [first, second]) => vec![first.clone(), second.clone()],
            (58, [_, second]) => vec![second.clone(), keys[1].clone()],
            (59, [_, second, third]) => vec![second.clone(), third.clone()],
            (_, seen) => vec![seen[seen.len() - 1].clone()],
        };
        assert_eq!(keys, expected, "day {day}");
    }
    assert_eq!(rotations, [30, 59]);
}

#[tokio::test]
async fn rotation_without_a_key_does_nothing() {
    let app = TestApp::new();
    app.tick(&rotate_signing_keys::FUNCTION).await.unwrap();
    assert_eq!(published(&app).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_withdrawn_keys_tokens_are_refused_within_a_minute() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    let stolen = kid(&tokens);
    get_me(&app, &tokens["access_token"]).await.expect(200);

    withdraw(&app, &stolen).await.unwrap();
    assert_eq!(events(&app, "signing_key_withdrawn").await, std::slice::from_ref(&stolen));
    pass_a_minute(&app);
    assert_eq!(get_me(&app, &tokens["access_token"]).await.expect(401).code(), "not_signed_in");
    let later = refresh(&app, &tokens["refresh_token"]).await.expect(200).body;
    assert_ne!(kid(&later), stolen);
    get_me(&app, &later["access_token"]).await.expect(200);
    assert_eq!(published(&app).await, [kid(&later)]);

    // A key that is withdrawn or unknown is an error.
    for unknown in [stolen.as_str(), "", "../../etc/passwd", &"x".repeat(100_000)] {
        assert_eq!(withdraw(&app, unknown).await.unwrap_err(), "signing_key_unknown");
    }
    assert_eq!(events(&app, "signing_key_withdrawn").await.len(), 1);
    for malformed in [json!({}), json!({ "kid": 1 }), json!({ "kid": kid(&later), "force": true }), json!([])] {
        app.run(&withdraw_signing_key::FUNCTION, malformed).await.unwrap_err();
    }
    get_me(&app, &later["access_token"]).await.expect(200);
}

#[tokio::test]
async fn a_cold_start_signs_with_the_new_key_at_once() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let stolen = kid(&login(&app, &email, PASSWORD).await.expect(200).body);
    withdraw(&app, &stolen).await.unwrap();
    app.forget_warm();
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    assert_ne!(kid(&tokens), stolen);
    get_me(&app, &tokens["access_token"]).await.expect(200);
}

#[tokio::test]
async fn the_next_key_replaces_a_withdrawn_one() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let first = kid(&login(&app, &email, PASSWORD).await.expect(200).body);
    app.advance(DAY * 29);
    app.tick(&rotate_signing_keys::FUNCTION).await.unwrap();
    let next = published(&app).await.pop().unwrap();
    assert_ne!(next, first);
    withdraw(&app, &first).await.unwrap();
    pass_a_minute(&app);
    assert_eq!(published(&app).await, std::slice::from_ref(&next));
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    assert_eq!(kid(&tokens), next);
    get_me(&app, &tokens["access_token"]).await.expect(200);
}

#[tokio::test]
async fn a_key_that_does_not_sign_yet_or_any_more_can_be_withdrawn() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let first = kid(&login(&app, &email, PASSWORD).await.expect(200).body);
    app.advance(DAY * 29);
    app.tick(&rotate_signing_keys::FUNCTION).await.unwrap();
    let next = published(&app).await.pop().unwrap();
    withdraw(&app, &next).await.unwrap();
    pass_a_minute(&app);
    assert_eq!(published(&app).await, std::slice::from_ref(&first));

    // Another key is published instead, and signs a day later.
    app.tick(&rotate_signing_keys::FUNCTION).await.unwrap();
    app.advance(DAY);
    app.tick(&rotate_signing_keys::FUNCTION).await.unwrap();
    pass_a_minute(&app);
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    assert!(kid(&tokens) != first && kid(&tokens) != next);
    withdraw(&app, &first).await.unwrap();
    pass_a_minute(&app);
    assert_eq!(published(&app).await, [kid(&tokens)]);
    get_me(&app, &tokens["access_token"]).await.expect(200);
}

#[tokio::test]
async fn parallel_withdrawals_leave_one_published_signing_key() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    // Warm up, so that the two run in step.
    withdraw(&app, "never").await.unwrap_err();
    for _ in 0..8 {
        let first = kid(&login(&app, &email, PASSWORD).await.expect(200).body);
        app.advance(DAY * 29);
        app.tick(&rotate_signing_keys::FUNCTION).await.unwrap();
        pass_a_minute(&app);
        let next = published(&app).await.pop().unwrap();
        let (one, other) = futures::join!(withdraw(&app, &first), withdraw(&app, &next));
        assert_eq!((one, other), (Ok(Value::Null), Ok(Value::Null)));
        pass_a_minute(&app);
        let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
        assert_eq!(published(&app).await, [kid(&tokens)]);
        assert!(kid(&tokens) != first && kid(&tokens) != next);
        get_me(&app, &tokens["access_token"]).await.expect(200);
    }
}
