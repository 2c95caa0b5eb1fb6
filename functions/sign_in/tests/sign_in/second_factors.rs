//! Second factors: enrolment, verification, recovery codes and removal.

use serde_json::{Value, json};
use shared::aws::wire::Fault;
use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::time::SignedDuration;
use shared::testing::{Response, TestApp};
use sign_in::history::{SignIn, SignInOutcome};
use sign_in::letters;
use sign_in::routes::verify_second_factor;
use test_support::authenticator_app::*;
use test_support::people::*;

#[tokio::test]
async fn an_enrolled_app_is_required_at_sign_in() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let token = login(&app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    let none = json!({ "second_factor_required": false, "totp": null, "passkeys": 0, "recovery_codes": null });
    assert_eq!(factors(&app, &token).await, none);

    let begun = enrol(&app, &token).await.expect(201).body;
    let secret = begun["secret"].as_str().unwrap();
    let (name, value) = email.split_once('@').unwrap();
    let uri = format!("otpauth://totp/Bulkhead:{name}%40{value}?secret={secret}&issuer=Bulkhead&");
    assert!(begun["uri"].as_str().unwrap().starts_with(&uri), "{begun}");
    assert_eq!(factors(&app, &token).await, none, "not confirmed yet");
    login(&app, &email, PASSWORD).await.expect(200).body["access_token"].as_str().expect("no second factor yet");

    confirm(&app, &token, &wrong_code(&app, secret)).await.expect(403);
    let first = code(&app, secret);
    let confirmed = confirm(&app, &token, &first).await.expect(200).body;
    assert_eq!(confirmed["recovery_codes"].as_array().unwrap().len(), 10);
    let told = letters_about(&app, user, letters::SIGN_IN_METHOD_ADDED).await;
    assert_eq!(told, [letters::sign_in_method_added(app.now(), "authenticator app")]);
    let now = factors(&app, &token).await;
    assert_eq!((&now["second_factor_required"], &now["recovery_codes"]["left"]), (&json!(true), &json!(10)));

    let asked = login(&app, &email, PASSWORD).await.expect(200).body;
    assert!(asked.get("access_token").is_none(), "{asked}");
    assert_eq!(asked["second_factor"]["methods"], json!(["totp", "recovery_code"]));
    assert_eq!(asked["second_factor"]["expires_in_s"], 300);
    let challenge = &asked["second_factor"]["challenge"];
    assert_eq!(
        verify(&app, challenge, "code", &first).await.expect(401).code(),
        "wrong_code",
        "the code that confirmed"
    );

    next_code(&app);
    let second = code(&app, secret);
    let tokens = verify(&app, challenge, "code", &second).await.expect(200).body;
    get_me(&app, &tokens["access_token"]).await.expect(200);
    assert_eq!(verify(&app, challenge, "code", &second).await.expect(401).code(), "wrong_code", "a replay");
    assert_eq!(verify(&app, challenge, "code", &first).await.expect(401).code(), "wrong_code", "an older code");
    next_code(&app);
    verify(&app, challenge, "code", &code(&app, secret)).await.expect(200);
}

#[tokio::test]
async fn a_recovery_code_signs_in_once() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let code = &ada.recovery_codes[3];
    let asked = challenge(&app, &ada.email).await;
    let typed = code.to_uppercase().replace('-', " ");
    let tokens = verify(&app, &asked, "recovery_code", &typed).await.expect(200).body;
    let told = letters_about(&app, ada.user, letters::RECOVERY_CODE_USED).await;
    assert_eq!(told, [letters::recovery_code_used(app.now(), 9)]);
    assert_eq!(factors(&app, &tokens["access_token"]).await["recovery_codes"]["left"], 9);
    assert_eq!(verify(&app, &asked, "recovery_code", code).await.expect(401).code(), "wrong_code");
    verify(&app, &asked, "recovery_code", &ada.recovery_codes[4]).await.expect(200);
    // Another user's recovery code is refused.
    let bob = enrolled(&app).await;
    verify(&app, &asked, "recovery_code", &bob.recovery_codes[0]).await.expect(401);
}

/// Sends the same code 16 times in parallel and asserts that one request opens a session.
async fn assert_one_of_16_succeeds(app: &TestApp, ada: &Enrolled, name: &str, value: &str) {
    let asked = challenge(app, &ada.email).await;
    // Warm up, so that the parallel calls reach the table together.
    verify(app, &asked, "recovery_code", &ada.recovery_codes[9]).await.expect(200);
    let answers = futures::future::join_all((0..16).map(|_| verify(app, &asked, name, value))).await;
    let opened = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(opened, 1, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.code() == "wrong_code"), "{answers:?}");
}

#[tokio::test]
async fn parallel_uses_of_one_code_succeed_once() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    assert_one_of_16_succeeds(&app, &ada, "code", &code(&app, &ada.secret)).await;
}

#[tokio::test]
async fn parallel_uses_of_one_recovery_code_succeed_once() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    assert_one_of_16_succeeds(&app, &ada, "recovery_code", &ada.recovery_codes[0]).await;
    assert_eq!(factors(&app, &ada.token).await["recovery_codes"]["left"], 8);
}

#[tokio::test]
async fn a_code_signs_in_despite_a_lost_answer_from_the_store() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let wire = app.wire(&verify_second_factor::FUNCTION);
    for call in 1..=8 {
        next_code(&app);
        let asked = challenge(&app, &ada.email).await;
        wire.arm(Fault::LoseAnswer(call));
        verify(&app, &asked, "code", &code(&app, &ada.secret)).await.expect(200);
        wire.disarm();
    }
}

#[tokio::test]
async fn a_challenge_is_refused_after_5_minutes_or_a_revocation() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let asked = challenge(&app, &ada.email).await;
    let refused = |answer: Response| assert_eq!(answer.expect(401).code(), "challenge_expired");
    for forged in [json!(""), json!("x.y"), json!("x".repeat(5000)), json!(format!("{}A", asked.as_str().unwrap()))] {
        refused(verify(&app, &forged, "code", &code(&app, &ada.secret)).await);
    }
    app.advance(SignedDuration::from_mins(5));
    refused(verify(&app, &asked, "code", &code(&app, &ada.secret)).await);

    let asked = challenge(&app, &ada.email).await;
    let epoch = app.accounts().epoch(ada.user).await.unwrap();
    app.accounts().commit(AccountChanges::default().revoke_sessions(ada.user, epoch)).await.unwrap();
    refused(verify(&app, &asked, "code", &code(&app, &ada.secret)).await);
    let asked = challenge(&app, &ada.email).await;
    verify(&app, &asked, "code", &code(&app, &ada.secret)).await.expect(200);
}

#[tokio::test]
async fn a_missing_second_or_malformed_code_is_refused() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let asked = challenge(&app, &ada.email).await;
    for (body, field) in [
        (json!({ "challenge": asked }), "code"),
        (json!({ "challenge": asked, "code": "123456", "recovery_code": ada.recovery_codes[0] }), "code"),
        (json!({ "challenge": asked, "code": "12345" }), "code"),
        (json!({ "challenge": asked, "code": 123456 }), "code"),
        (json!({ "challenge": asked, "recovery_code": "too short" }), "recovery_code"),
        (json!({ "challenge": asked, "code": "123456", "device_token": 1 }), "device_token"),
        (json!({ "code": "123456" }), "challenge"),
    ] {
        let refused = post(&app, &verify_second_factor::FUNCTION, body).await.expect(422);
        assert_eq!(refused.fields(), [field], "{}", refused.text);
    }
    for (body, field) in [
        (json!({}), "code"),
        (json!({ "password": PASSWORD, "code": "123456" }), "password"),
        (json!({ "password": PASSWORD }), "password"),
    ] {
        let refused = step(&app, &ada.token, body).await.expect(422);
        assert_eq!(refused.fields(), [field], "{}", refused.text);
    }
}

/// A code as an app shows it, with a separator between its halves.
fn spaced(code: &str, separator: &str) -> String {
    format!("{}{separator}{}", &code[..3], &code[3..])
}

#[tokio::test]
async fn a_code_with_spaces_or_hyphens_is_accepted_on_every_route() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let token = login(&app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    let secret = enrol(&app, &token).await.expect(201).body["secret"].as_str().unwrap().to_owned();
    let confirmed = confirm(&app, &token, &spaced(&code(&app, &secret), " ")).await.expect(200).body;
    for separator in ["\u{A0}", "-", "\u{2011}"] {
        next_code(&app);
        let asked = challenge(&app, &email).await;
        verify(&app, &asked, "code", &spaced(&code(&app, &secret), separator)).await.expect(200);
    }
    next_code(&app);
    step(&app, &token, json!({ "code": format!(" {} ", spaced(&code(&app, &secret), " ")) })).await.expect(200);
    let recovery_code = confirmed["recovery_codes"][0].as_str().unwrap().to_uppercase().replace('-', "\u{A0}");
    step(&app, &token, json!({ "recovery_code": format!("{recovery_code}\n") })).await.expect(200);
}

#[tokio::test]
async fn a_malformed_code_does_not_count_as_an_attempt() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let start = app.now();
    let asked = challenge(&app, &ada.email).await;
    let before = app.accounts().list::<SignIn>(&AccountKey::User(ada.user)).await.unwrap().len();
    for malformed in ["12345", "1234567", "12 34 567", "12345a", "", " ", "123.456"] {
        let refused = verify(&app, &asked, "code", malformed).await.expect(422);
        assert_eq!((refused.code(), refused.fields()), ("invalid_input", vec!["code"]), "{malformed:?}");
    }
    for malformed in ["12345", "123 45", ""] {
        step(&app, &ada.token, json!({ "code": malformed })).await.expect(422);
        confirm(&app, &ada.token, malformed).await.expect(422);
    }
    verify(&app, &asked, "recovery_code", "4xk9m2-0j7q5r").await.expect(422);
    // If they counted, this attempt would be delayed.
    verify(&app, &asked, "code", &code(&app, &ada.secret)).await.expect(200);
    let events = app.events_since(start).await.unwrap();
    let failures: Vec<_> = events
        .iter()
        .filter(|event| event.name == "second_factor_failed" && event.subject == ada.user.to_string())
        .collect();
    assert!(failures.is_empty(), "{failures:?}");
    let history = app.accounts().list::<SignIn>(&AccountKey::User(ada.user)).await.unwrap();
    assert_eq!(history.len(), before + 1, "the sign-in alone");
}

#[tokio::test]
async fn a_wrong_code_in_a_session_is_403_and_the_session_stays_valid() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let (email, _) = user(&app).await;
    let begun = login(&app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    let secret = enrol(&app, &begun).await.expect(201).body["secret"].as_str().unwrap().to_owned();
    let (none, recovery_code) = (wrong_code(&app, &ada.secret), "0".repeat(24));
    for (refused, field, token) in [
        (confirm(&app, &begun, &wrong_code(&app, &secret)).await, "code", &begun),
        (step(&app, &ada.token, json!({ "code": none })).await, "code", &ada.token),
        (step(&app, &ada.token, json!({ "recovery_code": recovery_code })).await, "recovery_code", &ada.token),
    ] {
        let refused = refused.expect(403);
        assert_eq!((refused.code(), refused.fields()), ("wrong_code", vec![field]), "{}", refused.text);
        assert_eq!(refused.header("www-authenticate"), "");
        get_me(&app, token).await.expect(200);
    }
    // Without a session, it is a failed sign-in.
    let asked = challenge(&app, &ada.email).await;
    let refused = verify(&app, &asked, "code", &wrong_code(&app, &ada.secret)).await.expect(401);
    assert_eq!((refused.code(), refused.fields().len()), ("wrong_code", 0));
    assert_eq!(refused.header("www-authenticate"), "", "a Bearer token would not help");
}

#[tokio::test]
async fn wrong_codes_delay_the_app_but_not_a_recovery_code() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let asked = challenge(&app, &ada.email).await;
    let mut refusals = Vec::new();
    for _ in 0..5 {
        refusals.push(verify(&app, &asked, "code", &wrong_code(&app, &ada.secret)).await.expect(401).body);
    }
    // A right code is refused during the delay, with the same text.
    refusals.push(verify(&app, &asked, "code", &code(&app, &ada.secret)).await.expect(401).body);
    assert!(
        refusals.iter().all(|refusal| refusal["detail"] == refusals[0]["detail"] && refusal["code"] == "wrong_code")
    );
    next_code(&app);
    verify(&app, &asked, "code", &code(&app, &ada.secret)).await.expect(200);

    for _ in 0..5 {
        verify(&app, &asked, "code", &wrong_code(&app, &ada.secret)).await.expect(401);
    }
    verify(&app, &asked, "recovery_code", &ada.recovery_codes[0]).await.expect(200);
    next_code(&app);
    verify(&app, &asked, "code", &wrong_code(&app, &ada.secret)).await.expect(401);
    verify(&app, &asked, "code", &code(&app, &ada.secret)).await.expect(200);
}

#[tokio::test]
async fn guessing_is_reported_to_operators_and_in_the_history() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let start = app.now();
    for _ in 0..11 {
        app.advance(SignedDuration::from_mins(15));
        let asked = challenge(&app, &ada.email).await;
        verify(&app, &asked, "code", &wrong_code(&app, &ada.secret)).await.expect(401);
    }
    let asked = challenge(&app, &ada.email).await;
    verify(&app, &asked, "code", &code(&app, &ada.secret)).await.expect(401);
    verify(&app, &asked, "recovery_code", &"0".repeat(24)).await.expect(401);

    let events = app.events_since(start).await.unwrap();
    let about = |name: &str| {
        let named = events.iter().filter(|event| event.name == name && event.subject == ada.user.to_string());
        named.map(|event| event.detail.clone()).collect::<Vec<_>>()
    };
    let failed = about("second_factor_failed");
    let count = |method: &str, reason: &str| {
        failed.iter().filter(|detail| **detail == json!({ "method": method, "reason": reason })).count()
    };
    assert_eq!(failed.len(), 13, "{failed:?}");
    assert_eq!([count("totp", "wrong"), count("totp", "delayed"), count("recovery_code", "wrong")], [11, 1, 1]);
    assert_eq!(about("second_factor_guessed").len(), 1, "once");

    let history = app.accounts().list::<SignIn>(&AccountKey::User(ada.user)).await.unwrap();
    let wrong = history.iter().filter(|entry| entry.outcome == SignInOutcome::WrongSecondFactor).count();
    assert_eq!(wrong, 13);
}

#[tokio::test]
async fn an_app_is_removed_by_a_session_with_a_fresh_second_factor() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let before = login(&app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    let token = login(&app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    disable(&app, &token).await.expect(404);
    let secret = enrol(&app, &token).await.expect(201).body["secret"].as_str().unwrap().to_owned();
    disable(&app, &token).await.expect(404);
    confirm(&app, &token, &code(&app, &secret)).await.expect(200);

    // An older session that was opened by password only.
    for refused in [disable(&app, &before).await, enrol(&app, &before).await, regenerate(&app, &before).await] {
        assert_eq!(refused.expect(401).code(), "fresh_factor_needed");
    }
    app.advance(SignedDuration::from_mins(10));
    assert_eq!(disable(&app, &token).await.expect(401).code(), "fresh_factor_needed");
    step(&app, &token, json!({ "code": code(&app, &secret) })).await.expect(200);
    disable(&app, &token).await.expect(204);
    let told = letters_about(&app, user, letters::SIGN_IN_METHOD_REMOVED).await;
    assert_eq!(told, [letters::sign_in_method_removed(app.now(), "authenticator app")]);
    let left = factors(&app, &token).await;
    assert_eq!((&left["totp"], &left["recovery_codes"]), (&Value::Null, &Value::Null));
    login(&app, &email, PASSWORD).await.expect(200).body["access_token"].as_str().expect("the password is enough");
    assert_eq!(regenerate(&app, &token).await.expect(409).code(), "no_second_factor");
    disable(&app, &token).await.expect(404);
}

#[tokio::test]
async fn an_enrolment_can_be_restarted_until_it_is_confirmed() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let token = login(&app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    assert_eq!(confirm(&app, &token, "123456").await.expect(409).code(), "totp_not_pending");
    let first = enrol(&app, &token).await.expect(201).body["secret"].as_str().unwrap().to_owned();
    let second = enrol(&app, &token).await.expect(201).body["secret"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    confirm(&app, &token, &code(&app, &first)).await.expect(403);

    app.advance(SignedDuration::from_mins(15));
    let token = login(&app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    assert_eq!(confirm(&app, &token, &code(&app, &second)).await.expect(409).code(), "totp_not_pending", "too late");
    let third = enrol(&app, &token).await.expect(201).body["secret"].as_str().unwrap().to_owned();
    confirm(&app, &token, &code(&app, &third)).await.expect(200);
    assert_eq!(enrol(&app, &token).await.expect(409).code(), "totp_enrolled");
    next_code(&app);
    assert_eq!(confirm(&app, &token, &code(&app, &third)).await.expect(409).code(), "totp_enrolled");
}

#[tokio::test]
async fn new_recovery_codes_replace_all_earlier_ones() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let made = regenerate(&app, &ada.token).await.expect(201).body;
    let told = letters_about(&app, ada.user, letters::RECOVERY_CODES_RENEWED).await;
    assert_eq!(told.len(), 1);
    let new: Vec<String> = serde_json::from_value(made["recovery_codes"].clone()).unwrap();
    assert!(new.len() == 10 && new.iter().all(|code| !ada.recovery_codes.contains(code)));
    let asked = challenge(&app, &ada.email).await;
    verify(&app, &asked, "recovery_code", &ada.recovery_codes[0]).await.expect(401);
    verify(&app, &asked, "recovery_code", &new[0]).await.expect(200);
}
