//! Sessions: refreshing, ending, and reuse of a stolen refresh token.

use serde_json::{Value, json};
use shared::aws::wire::Fault;
use shared::crypto::digest::base64url;
use shared::kernel::time::SignedDuration;
use shared::system_events::Severity;
use shared::testing::{Request, Response, TestApp};
use sign_in::letters;
use sign_in::routes::{logout, refresh_session};
use test_support::people::*;

fn user_id(tokens: &Value) -> shared::kernel::ids::UserId {
    tokens["user_id"].as_str().unwrap().parse().unwrap()
}

async fn revocations(app: &TestApp, tokens: &Value) -> usize {
    count_letters(app, user_id(tokens), letters::SESSIONS_REVOKED).await
}

#[tokio::test]
async fn each_refresh_token_extends_the_session_once() {
    let app = TestApp::new();
    let first = signed_in(&app).await;
    app.advance(SignedDuration::from_mins(14));
    get_me(&app, &first["access_token"]).await.expect(200);
    app.advance(SignedDuration::from_mins(1));
    assert_eq!(get_me(&app, &first["access_token"]).await.expect(401).code(), "not_signed_in");

    let ledger = app.wire(&refresh_session::FUNCTION);
    let second = refresh(&app, &first["refresh_token"]).await.expect(200).body;
    ledger.take();
    let third = refresh(&app, &second["refresh_token"]).await.expect(200).body;
    let calls = ledger.take();
    let mut own: Vec<_> = calls.iter().filter(|call| *call != "DynamoDB.UpdateItem").collect();
    own.dedup();
    assert_eq!(own, ["DynamoDB.GetItem", "DynamoDB.TransactWriteItems"], "besides the rate lease: {calls:?}");
    assert_ne!(second["refresh_token"], third["refresh_token"]);
    get_me(&app, &third["access_token"]).await.expect(200);
}

#[tokio::test]
async fn a_reused_refresh_token_ends_every_session() {
    let app = TestApp::new();
    let began = app.now();
    let (email, _) = user(&app).await;
    let stolen = login(&app, &email, PASSWORD).await.expect(200).body;
    let elsewhere = login(&app, &email, PASSWORD).await.expect(200).body;
    let thiefs = refresh(&app, &stolen["refresh_token"]).await.expect(200).body;

    let refused = refresh(&app, &stolen["refresh_token"]).await.expect(401);
    assert_eq!(refused.code(), "refresh_token_reused");
    for tokens in [&stolen, &thiefs, &elsewhere] {
        get_me(&app, &tokens["access_token"]).await.expect(401);
    }
    for tokens in [&thiefs, &elsewhere] {
        assert_eq!(refresh(&app, &tokens["refresh_token"]).await.expect(401).code(), "session_ended");
    }
    assert_eq!(revocations(&app, &stolen).await, 1);
    let told = app.events_since(began).await.unwrap();
    let alarm = told.iter().find(|event| event.name == "refresh_token_reused" && event.subject == stolen["user_id"]);
    assert_eq!(alarm.expect("an event").severity, Severity::Critical);

    // The old token has no further effect: it cannot end later sessions.
    let later = login(&app, &email, PASSWORD).await.expect(200).body;
    assert_eq!(refresh(&app, &stolen["refresh_token"]).await.expect(401).code(), "refresh_token_reused");
    get_me(&app, &later["access_token"]).await.expect(200);
    assert_eq!(revocations(&app, &stolen).await, 1);
}

#[tokio::test]
async fn parallel_uses_of_a_refresh_token_end_the_session() {
    let app = TestApp::new();
    let tokens = signed_in(&app).await;
    // Warm up, so that the parallel calls reach the table together.
    let tokens = refresh(&app, &tokens["refresh_token"]).await.expect(200).body;
    let attempts = (0..16).map(|_| refresh(&app, &tokens["refresh_token"]));
    let answers = futures::future::join_all(attempts).await;
    let successors: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert!(successors.len() <= 1, "{} successors", successors.len());
    assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 401)), "{answers:?}");
    for successor in successors {
        get_me(&app, &successor.body["access_token"]).await.expect(401);
        refresh(&app, &successor.body["refresh_token"]).await.expect(401);
    }
    assert_eq!(revocations(&app, &tokens).await, 1);
}

#[tokio::test]
async fn a_lost_answer_from_the_store_raises_no_alarm() {
    let app = TestApp::new();
    let mut tokens = signed_in(&app).await;
    tokens = refresh(&app, &tokens["refresh_token"]).await.expect(200).body;
    for call in 1..=4 {
        app.wire(&refresh_session::FUNCTION).arm(Fault::LoseAnswer(call));
        tokens = refresh(&app, &tokens["refresh_token"]).await.expect(200).body;
    }
    app.wire(&refresh_session::FUNCTION).disarm();
    get_me(&app, &tokens["access_token"]).await.expect(200);
    assert_eq!(revocations(&app, &tokens).await, 0);
}

/// An attempt as a client generates it: 16 random bytes.
fn attempt(app: &TestApp) -> String {
    base64url(&app.entropy().bytes::<16>())
}

async fn refresh_at(app: &TestApp, refresh_token: &Value, attempt: &str) -> Response {
    post(app, &refresh_session::FUNCTION, json!({ "refresh_token": refresh_token, "attempt": attempt })).await
}

#[tokio::test]
async fn a_retry_with_the_same_attempt_gets_the_same_successor_for_a_minute() {
    let app = TestApp::new();
    let tokens = signed_in(&app).await;
    let attempt = attempt(&app);
    let first = refresh_at(&app, &tokens["refresh_token"], &attempt).await.expect(200).body;
    app.forget_warm();
    app.advance(SignedDuration::from_secs(59));
    let again = refresh_at(&app, &tokens["refresh_token"], &attempt).await.expect(200).body;
    assert_eq!(again["refresh_token"], first["refresh_token"]);
    assert_eq!(again["refresh_expires_at"], first["refresh_expires_at"], "the retry prolonged the session");
    assert_ne!(again["access_token"], first["access_token"]);
    for tokens in [&first, &again] {
        get_me(&app, &tokens["access_token"]).await.expect(200);
    }
    let next = refresh(&app, &again["refresh_token"]).await.expect(200).body;
    get_me(&app, &next["access_token"]).await.expect(200);
    assert_eq!(revocations(&app, &tokens).await, 0);
}

#[tokio::test]
async fn a_used_token_with_another_attempt_ends_every_session() {
    let minute = SignedDuration::from_mins(1);
    let none = SignedDuration::ZERO;
    for (what, at_first, then, wait, spends_successor) in [
        ("another attempt", Some("a"), Some("b"), none, false),
        ("no attempt", Some("a"), None, none, false),
        ("an attempt after none", None, Some("a"), none, false),
        ("the attempt after a minute", Some("a"), Some("a"), minute, false),
        ("the attempt after its successor was used", Some("a"), Some("a"), none, true),
    ] {
        let app = TestApp::new();
        let tokens = signed_in(&app).await;
        let present = async |attempt: Option<&str>| match attempt {
            Some(letter) => refresh_at(&app, &tokens["refresh_token"], &letter.repeat(22)).await,
            None => refresh(&app, &tokens["refresh_token"]).await,
        };
        let mut last = present(at_first).await.expect(200).body;
        if spends_successor {
            last = refresh(&app, &last["refresh_token"]).await.expect(200).body;
        }
        app.advance(wait);
        let refused = present(then).await;
        assert_eq!((refused.status, refused.code()), (401, "refresh_token_reused"), "{what}");
        assert_eq!(get_me(&app, &last["access_token"]).await.status, 401, "{what}: the session is still alive");
        assert_eq!(refresh(&app, &last["refresh_token"]).await.code(), "session_ended", "{what}");
        assert_eq!(revocations(&app, &tokens).await, 1, "{what}");
    }
}

#[tokio::test]
async fn a_retry_after_sign_out_is_refused_without_an_alarm() {
    let app = TestApp::new();
    let tokens = signed_in(&app).await;
    let attempt = attempt(&app);
    let next = refresh_at(&app, &tokens["refresh_token"], &attempt).await.expect(200).body;
    let bearer = next["access_token"].as_str().unwrap();
    app.call(Request::to(&logout::FUNCTION).bearer(bearer)).await.expect(204);
    assert_eq!(refresh_at(&app, &tokens["refresh_token"], &attempt).await.expect(401).code(), "session_ended");
    assert_eq!(revocations(&app, &tokens).await, 0);
}

#[tokio::test]
async fn a_refresh_that_crashes_anywhere_succeeds_when_retried() {
    let app = TestApp::new();
    let mut tokens = signed_in(&app).await;
    tokens = refresh_at(&app, &tokens["refresh_token"], &attempt(&app)).await.expect(200).body;
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        for call in 1..=3 {
            let attempt = attempt(&app);
            app.wire(&refresh_session::FUNCTION).arm(fault(call));
            let dies = async { Ok(refresh_at(&app, &tokens["refresh_token"], &attempt).await) };
            let _answered_or_died = app.until_crash(&refresh_session::FUNCTION, dies).await;
            tokens = refresh_at(&app, &tokens["refresh_token"], &attempt).await.expect(200).body;
            get_me(&app, &tokens["access_token"]).await.expect(200);
        }
    }
    assert_eq!(revocations(&app, &tokens).await, 0);
}

#[tokio::test]
async fn a_short_or_malformed_attempt_is_refused() {
    let app = TestApp::new();
    let tokens = signed_in(&app).await;
    for wrong in ["", "short", &"a".repeat(21), &"a".repeat(87), &"+".repeat(22)] {
        let refused = refresh_at(&app, &tokens["refresh_token"], wrong).await.expect(422);
        assert_eq!(refused.fields(), ["attempt"], "{wrong}");
    }
    refresh(&app, &tokens["refresh_token"]).await.expect(200);
}

#[tokio::test]
async fn a_session_ends_after_12_idle_hours_and_after_30_days() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let idle = login(&app, &email, PASSWORD).await.expect(200).body;
    app.advance(SignedDuration::from_hours(12));
    assert_eq!(refresh(&app, &idle["refresh_token"]).await.expect(401).code(), "session_ended");

    let mut busy = login(&app, &email, PASSWORD).await.expect(200).body;
    let ends_at = shared::kernel::time::sortable(app.now() + SignedDuration::from_hours(30 * 24));
    for _ in 0..65 {
        app.advance(SignedDuration::from_hours(11));
        busy = refresh(&app, &busy["refresh_token"]).await.expect(200).body;
    }
    assert_eq!(busy["refresh_expires_at"], ends_at, "rotation extends a session past 30 days");
    app.advance(SignedDuration::from_hours(5));
    assert_eq!(refresh(&app, &busy["refresh_token"]).await.expect(401).code(), "session_ended");
    assert_eq!(revocations(&app, &busy).await, 0);
}

#[tokio::test]
async fn signing_out_ends_only_the_current_session() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let here = login(&app, &email, PASSWORD).await.expect(200).body;
    let there = login(&app, &email, PASSWORD).await.expect(200).body;
    let bearer = here["access_token"].as_str().unwrap();
    app.call(Request::to(&logout::FUNCTION).bearer(bearer)).await.expect(204);
    get_me(&app, &here["access_token"]).await.expect(401);
    assert_eq!(refresh(&app, &here["refresh_token"]).await.expect(401).code(), "session_ended");
    get_me(&app, &there["access_token"]).await.expect(200);
    refresh(&app, &there["refresh_token"]).await.expect(200);
    assert_eq!(revocations(&app, &there).await, 0);
}

#[tokio::test]
async fn an_unknown_refresh_token_is_refused() {
    let app = TestApp::new();
    let never = serde_json::json!("A".repeat(86));
    assert_eq!(refresh(&app, &never).await.expect(401).code(), "session_ended");
    let malformed = refresh(&app, &serde_json::json!("short")).await.expect(422);
    assert_eq!(malformed.fields(), ["refresh_token"]);
}

#[tokio::test]
async fn the_public_keys_include_the_signing_key() {
    let app = TestApp::new();
    let tokens = signed_in(&app).await;
    let set = app.call(Request::to(&sign_in::routes::get_jwks::FUNCTION)).await.expect(200);
    assert_eq!(set.header("cache-control"), "public, max-age=60");
    let head = tokens["access_token"].as_str().unwrap().split('.').next().unwrap();
    let head: Value = serde_json::from_slice(&shared::crypto::digest::from_base64url(head).unwrap()).unwrap();
    let keys = set.body["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == head["kid"]).expect("the key that signed");
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&"EC".into(), &"P-256".into(), &"ES256".into()));
    assert_eq!(key.as_object().unwrap().len(), 7, "more than the public key: {key}");
}
