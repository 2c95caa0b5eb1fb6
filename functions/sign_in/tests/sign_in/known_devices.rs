//! Known devices: what their mark is good for, and what guessing elsewhere does to them.

use mail::{Letter, SendEmail};
use serde_json::{Value, json};
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::testing::{Response, TestApp};
use sign_in::routes::login;
use test_support::people::*;

async fn with_mark(app: &TestApp, email: &str, password: &str, mark: &Value) -> Response {
    let body = json!({ "email": email, "password": password, "device_token": mark });
    post(app, &login::FUNCTION, body).await
}

async fn told_of_sign_ins(app: &TestApp, user: UserId) -> usize {
    let letters = letters(app, user).await;
    letters.iter().filter(|SendEmail { letter, .. }| matches!(letter, Letter::NewSignIn { .. })).count()
}

async fn fail(app: &TestApp, email: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(login(app, email, "not the right one").await.expect(401).code(), "wrong_credentials");
    }
}

#[tokio::test]
async fn a_sign_in_on_a_new_device_is_mailed() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let first = login(&app, &email, PASSWORD).await.expect(200).body;
    assert_eq!(told_of_sign_ins(&app, user).await, 1);
    let again = with_mark(&app, &email, PASSWORD, &first["device_token"]).await.expect(200).body;
    assert_eq!(told_of_sign_ins(&app, user).await, 1, "the device is known");
    with_mark(&app, &email, PASSWORD, &again["device_token"]).await.expect(200);
    login(&app, &email, PASSWORD).await.expect(200);
    assert_eq!(told_of_sign_ins(&app, user).await, 2, "another device, or one that lost its mark");

    app.advance(SignedDuration::from_hours(180 * 24));
    // What was written half a year ago is not in the outbox any more.
    let before = told_of_sign_ins(&app, user).await;
    with_mark(&app, &email, PASSWORD, &again["device_token"]).await.expect(200);
    assert_eq!(told_of_sign_ins(&app, user).await, before + 1, "a mark is good for 180 days");
    assert_granted(&app, &[&login::FUNCTION]);
}

#[tokio::test]
async fn a_mark_is_for_one_address_and_cannot_be_made_up() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let mark = signed_in(&app).await["device_token"].as_str().unwrap().to_owned();
    let own = login(&app, &email, PASSWORD).await.expect(200).body["device_token"].as_str().unwrap().to_owned();
    let (claims, mac) = own.split_once('.').unwrap();
    let forged =
        [mark, format!("{claims}."), format!("{claims}.{mac}A"), format!("A{own}"), "a.b".to_owned(), String::new()];
    for (at, mark) in forged.iter().enumerate() {
        // It is no fault to have none: the device is just not known.
        with_mark(&app, &email, PASSWORD, &json!(mark)).await.expect(200);
        assert_eq!(told_of_sign_ins(&app, user).await, at + 2, "{mark} was taken");
    }
    let refused = with_mark(&app, &email, PASSWORD, &json!("m".repeat(601))).await.expect(422);
    assert_eq!(refused.fields(), ["device_token"]);
}

#[tokio::test]
async fn who_guesses_elsewhere_locks_nobody_out() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let mark = login(&app, &email, PASSWORD).await.expect(200).body["device_token"].clone();
    fail(&app, &email, 7).await;
    let answer = login(&app, &email, PASSWORD).await.expect(401);
    assert_eq!(answer.code(), "wrong_credentials", "from an unknown device the right password has to wait");
    let unknown = login(&app, &test_support::people::email(&app), PASSWORD).await.expect(401);
    assert_eq!((&answer.body["code"], &answer.body["detail"]), (&unknown.body["code"], &unknown.body["detail"]));

    let again = with_mark(&app, &email, PASSWORD, &mark).await.expect(200).body;
    // Seven failures have the eighth attempt wait for four seconds.
    app.advance(SignedDuration::from_secs(4));
    login(&app, &email, PASSWORD).await.expect(200);
    login(&app, &email, PASSWORD).await.expect(200);
    with_mark(&app, &email, PASSWORD, &again["device_token"]).await.expect(200);
}

#[tokio::test]
async fn after_a_hundred_failures_only_a_known_device_is_let_in() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let mark = login(&app, &email, PASSWORD).await.expect(200).body["device_token"].clone();
    for _ in 0..100 {
        app.advance(SignedDuration::from_mins(16));
        fail(&app, &email, 1).await;
    }
    app.advance(SignedDuration::from_hours(24));
    login(&app, &email, PASSWORD).await.expect(401);
    with_mark(&app, &email, PASSWORD, &mark).await.expect(200);
}

#[tokio::test]
async fn a_device_that_fails_too_often_is_known_no_longer() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let mark = login(&app, &email, PASSWORD).await.expect(200).body["device_token"].clone();
    for _ in 0..10 {
        app.advance(SignedDuration::from_mins(16));
        with_mark(&app, &email, "not the right one", &mark).await.expect(401);
    }
    // What was counted on the device was not counted elsewhere.
    login(&app, &email, PASSWORD).await.expect(200);
    let told = told_of_sign_ins(&app, user).await;
    with_mark(&app, &email, PASSWORD, &mark).await.expect(200);
    assert_eq!(told_of_sign_ins(&app, user).await, told + 1, "a mark that may be stolen is still taken");
}
