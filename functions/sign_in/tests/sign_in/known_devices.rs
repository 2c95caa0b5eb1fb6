//! Known devices: what their token allows, and the effect of guessing elsewhere.

use serde_json::{Value, json};
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::testing::{Response, TestApp};
use sign_in::letters;
use sign_in::routes::login;
use test_support::people::*;

async fn login_from(app: &TestApp, email: &str, password: &str, device: &Value) -> Response {
    let body = json!({ "email": email, "password": password, "device_token": device });
    post(app, &login::FUNCTION, body).await
}

async fn new_sign_in_letters(app: &TestApp, user: UserId) -> usize {
    count_letters(app, user, letters::NEW_SIGN_IN).await
}

async fn fail(app: &TestApp, email: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(login(app, email, "not the right one").await.expect(401).code(), "wrong_credentials");
    }
}

#[tokio::test]
async fn a_sign_in_from_an_unknown_device_is_emailed() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let first = login(&app, &email, PASSWORD).await.expect(200).body;
    assert_eq!(new_sign_in_letters(&app, user).await, 1);
    let again = login_from(&app, &email, PASSWORD, &first["device_token"]).await.expect(200).body;
    assert_eq!(new_sign_in_letters(&app, user).await, 1, "the device is known");
    login_from(&app, &email, PASSWORD, &again["device_token"]).await.expect(200);
    login(&app, &email, PASSWORD).await.expect(200);
    assert_eq!(new_sign_in_letters(&app, user).await, 2, "another device, or one that lost its token");

    app.advance(SignedDuration::from_hours(180 * 24));
    // Letters from half a year ago are no longer in the outbox.
    let before = new_sign_in_letters(&app, user).await;
    login_from(&app, &email, PASSWORD, &again["device_token"]).await.expect(200);
    assert_eq!(new_sign_in_letters(&app, user).await, before + 1, "a device is known for 180 days");
}

#[tokio::test]
async fn a_forged_or_foreign_device_token_does_not_make_a_device_known() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let device = signed_in(&app).await["device_token"].as_str().unwrap().to_owned();
    let own = login(&app, &email, PASSWORD).await.expect(200).body["device_token"].as_str().unwrap().to_owned();
    let (claims, mac) = own.split_once('.').unwrap();
    let forged =
        [device, format!("{claims}."), format!("{claims}.{mac}A"), format!("A{own}"), "a.b".to_owned(), String::new()];
    for (at, device) in forged.iter().enumerate() {
        // An invalid token is not an error: the device is unknown.
        login_from(&app, &email, PASSWORD, &json!(device)).await.expect(200);
        assert_eq!(new_sign_in_letters(&app, user).await, at + 2, "{device} was accepted");
    }
    let refused = login_from(&app, &email, PASSWORD, &json!("m".repeat(601))).await.expect(422);
    assert_eq!(refused.fields(), ["device_token"]);
}

#[tokio::test]
async fn a_known_device_signs_in_despite_failures_elsewhere() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let device = login(&app, &email, PASSWORD).await.expect(200).body["device_token"].clone();
    fail(&app, &email, 7).await;
    let answer = login(&app, &email, PASSWORD).await.expect(401);
    assert_eq!(answer.code(), "wrong_credentials", "from an unknown device, the right password is delayed");
    let unknown = login(&app, &test_support::people::email(&app), PASSWORD).await.expect(401);
    assert_eq!((&answer.body["code"], &answer.body["detail"]), (&unknown.body["code"], &unknown.body["detail"]));

    let again = login_from(&app, &email, PASSWORD, &device).await.expect(200).body;
    // Seven failures delay the eighth attempt by four seconds.
    app.advance(SignedDuration::from_secs(4));
    login(&app, &email, PASSWORD).await.expect(200);
    login(&app, &email, PASSWORD).await.expect(200);
    login_from(&app, &email, PASSWORD, &again["device_token"]).await.expect(200);
}

#[tokio::test]
async fn an_address_with_100_failures_admits_only_a_known_device() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let device = login(&app, &email, PASSWORD).await.expect(200).body["device_token"].clone();
    for _ in 0..100 {
        app.advance(SignedDuration::from_mins(16));
        fail(&app, &email, 1).await;
    }
    app.advance(SignedDuration::from_hours(24));
    login(&app, &email, PASSWORD).await.expect(401);
    login_from(&app, &email, PASSWORD, &device).await.expect(200);
}

#[tokio::test]
async fn a_device_that_fails_10_times_is_no_longer_known() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let device = login(&app, &email, PASSWORD).await.expect(200).body["device_token"].clone();
    for _ in 0..10 {
        app.advance(SignedDuration::from_mins(16));
        login_from(&app, &email, "not the right one", &device).await.expect(401);
    }
    // Failures on the device do not count elsewhere.
    login(&app, &email, PASSWORD).await.expect(200);
    let before = new_sign_in_letters(&app, user).await;
    login_from(&app, &email, PASSWORD, &device).await.expect(200);
    assert_eq!(new_sign_in_letters(&app, user).await, before + 1, "a token that may be stolen is still accepted");
}
