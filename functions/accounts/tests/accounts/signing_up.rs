//! From a registration to a verified account, and what strangers learn on the way: nothing.

use crate::support::*;
use accounts::user::PasswordRecord;
use accounts::{register, resend_verification, verify_email};
use mail::Letter;
use serde_json::json;
use shared::identity::{AccountChanges, AccountKey};
use shared::kernel::time::SignedDuration;
use shared::testing::TestApp;

#[tokio::test]
async fn an_account_begins_with_a_verified_address() {
    let app = TestApp::new();
    let email = email(&app);
    let answer = register(&app, &format!(" {}", email.to_uppercase()), PASSWORD).await.expect(202);
    assert_eq!(answer.text, "");

    let user = waiting(&app, &email).await;
    assert_eq!(login(&app, &email, PASSWORD).await.expect(403).code(), "email_not_verified");
    assert_eq!(login(&app, &email, "not the right one").await.expect(401).code(), "wrong_credentials");

    let token = mailed_token(&app, &email, user).await;
    let verified = post(&app, &verify_email::FUNCTION, json!({ "token": token })).await.expect(200);
    assert_eq!(verified.body, json!({ "email": email }));
    // Opened twice, a link does no harm.
    post(&app, &verify_email::FUNCTION, json!({ "token": token })).await.expect(200);

    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    let me = get_me(&app, &tokens["access_token"]).await.expect(200).body;
    assert_eq!((&me["email"], &me["name"]), (&json!(email), &json!("Ada Lovelace")));
    assert_eq!(me["id"], json!(user.to_string()));
    assert_granted(&app, &[&register::FUNCTION, &verify_email::FUNCTION, &accounts::login::FUNCTION]);
    assert_granted(&app, &[&accounts::get_me::FUNCTION, &mail::send_email::FUNCTION]);
}

#[tokio::test]
async fn an_address_with_an_account_is_answered_as_any_other() {
    let app = TestApp::new();
    let (known, user) = user(&app).await;
    let unknown = email(&app);
    let ledger = app.wire(&register::FUNCTION);

    ledger.take();
    let to_known = register(&app, &known, "another long password").await;
    let calls_for_known = ledger.take();
    let to_unknown = register(&app, &unknown, "another long password").await;
    assert_eq!((to_known.status, &to_known.text), (to_unknown.status, &to_unknown.text));
    assert_eq!(calls_for_known, ledger.take(), "the calls tell who has an account");

    assert_eq!(letters(&app, user).await.last().unwrap().letter, Letter::AlreadyRegistered);
    login(&app, &known, "another long password").await.expect(401);
    login(&app, &known, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_wrong_password_is_answered_as_an_unknown_address() {
    let app = TestApp::new();
    let (known, _) = user(&app).await;
    let (waits, unknown) = (email(&app), email(&app));
    register(&app, &waits, PASSWORD).await.expect(202);
    let ledger = app.wire(&accounts::login::FUNCTION);
    login(&app, &unknown, PASSWORD).await.expect(401);
    let mut faces = Vec::new();
    for email in [&known, &waits, &unknown] {
        ledger.take();
        let refused = login(&app, email, "not the right password").await.expect(401);
        faces.push((refused.code().to_owned(), refused.body["detail"].clone(), ledger.take()));
    }
    assert_eq!((&faces[0], &faces[1]), (&faces[1], &faces[2]));
}

#[tokio::test]
async fn whoever_registers_an_address_again_cannot_own_the_account() {
    let app = TestApp::new();
    let email = email(&app);
    register(&app, &email, "the thief's own password").await.expect(202);
    register(&app, &email, PASSWORD).await.expect(202);
    let owner = waiting(&app, &email).await;
    let token = mailed_token(&app, &email, owner).await;
    register(&app, &email, "the thief's own password").await.expect(202);
    let thief = waiting(&app, &email).await;
    let thiefs_token = mailed_token(&app, &email, thief).await;

    post(&app, &verify_email::FUNCTION, json!({ "token": token })).await.expect(200);
    login(&app, &email, "the thief's own password").await.expect(401);
    login(&app, &email, PASSWORD).await.expect(200);
    let late = post(&app, &verify_email::FUNCTION, json!({ "token": thiefs_token })).await.expect(422);
    assert_eq!((late.code(), late.fields()), ("link_invalid", vec!["token"]));
}

#[tokio::test]
async fn a_link_is_mailed_again_on_demand() {
    let app = TestApp::new();
    let (known, user) = user(&app).await;
    let (waits, unknown) = (email(&app), email(&app));
    register(&app, &waits, PASSWORD).await.expect(202);
    let mut faces = Vec::new();
    for email in [&waits, &known, &unknown] {
        let answer = post(&app, &resend_verification::FUNCTION, json!({ "email": email })).await.expect(202);
        faces.push((answer.text, app.wire(&resend_verification::FUNCTION).take()));
    }
    assert_eq!((&faces[0], &faces[1]), (&faces[1], &faces[2]));
    let newcomer = waiting(&app, &waits).await;
    assert_eq!(letters(&app, newcomer).await.len(), 2);
    assert_eq!(letters(&app, user).await.len(), 1, "only the one that verified the address");
    assert_granted(&app, &[&resend_verification::FUNCTION]);
}

#[tokio::test]
async fn a_link_ends_after_a_day_and_cannot_be_made_up() {
    let app = TestApp::new();
    let email = email(&app);
    register(&app, &email, PASSWORD).await.expect(202);
    let token = mailed_token(&app, &email, waiting(&app, &email).await).await;
    for forged in [format!("{token}A"), token.replace('.', ""), String::new(), "x".repeat(5000)] {
        let refused = post(&app, &verify_email::FUNCTION, json!({ "token": forged })).await.expect(422);
        assert_eq!(refused.code(), "link_invalid");
    }
    app.advance(SignedDuration::from_hours(24));
    let refused = post(&app, &verify_email::FUNCTION, json!({ "token": token })).await.expect(422);
    assert_eq!(refused.code(), "link_invalid");
    login(&app, &email, PASSWORD).await.expect(401);
}

#[tokio::test]
async fn what_breaks_a_rule_is_named() {
    let app = TestApp::new();
    let email = email(&app);
    let whole = json!({ "email": email, "password": PASSWORD, "name": "Ada" });
    for (field, value, rule) in [
        ("email", json!("mike@localhost"), "must end in the name of a domain"),
        ("email", json!(7), "must be"),
        ("password", json!("k7#mQ2vx"), "must have 15 to 128 characters"),
        ("password", json!("x".repeat(1025)), "must have at most 1024 bytes"),
        ("password", json!(format!("1 {}", email.split('@').next().unwrap())), "must not contain your e-mail"),
        ("password", json!("123123123123123123"), "must not be one character"),
        ("name", json!("see https://example.com"), "must not have"),
        ("name", json!(""), "must have 1 to 80 characters"),
    ] {
        let mut body = whole.clone();
        body[field] = value;
        let refused = post(&app, &register::FUNCTION, body).await.expect(422);
        assert_eq!(refused.fields(), [field], "{}", refused.text);
        assert!(refused.text.contains(rule), "{}", refused.text);
    }
    assert!(address(&app, &email).await.is_none(), "something was stored");
}

#[tokio::test]
async fn five_attempts_are_taken_from_one_network_address() {
    let app = TestApp::new();
    app.move_address();
    let attempt = || {
        let body = json!({ "email": "nobody@example.com", "password": PASSWORD });
        app.call(shared::testing::Request::to(&accounts::login::FUNCTION).json(body))
    };
    for _ in 0..5 {
        attempt().await.expect(401);
    }
    let refused = attempt().await.expect(429);
    assert_eq!(refused.header("retry-after"), "300");
    app.advance(SignedDuration::from_secs(300));
    attempt().await.expect(401);
}

#[tokio::test]
async fn a_damaged_hash_is_told_to_operators_and_is_nobodys_password() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let (accounts, began) = (app.accounts(), app.now());
    let key = AccountKey::User(user);
    let mut password = accounts.find::<PasswordRecord>(&key).await.unwrap().unwrap();
    password.hash = serde_json::from_value(json!({ "phc": "$argon2id$v=19$m=8,t=1", "pepper": 1 })).unwrap();
    accounts.commit(AccountChanges::default().replace(&password)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(login(&app, &email, PASSWORD).await.expect(401).code(), "wrong_credentials");
    }
    let digest = AccountKey::email_digest(&email);
    let told = app.events_since(began).await.unwrap();
    let told: Vec<_> = told.iter().filter(|event| event.subject == digest).collect();
    let count = |name: &str| told.iter().filter(|event| event.name == name).count();
    assert_eq!((count("password_hash_damaged"), count("sign_in_failed")), (1, 2), "told once an hour");
}

#[tokio::test]
async fn nobody_is_never_signed_in() {
    let app = TestApp::alone().await.unwrap();
    login(&app, "ada@example.com", PASSWORD).await.expect(401);
    // From now on the stand-in is there; it is no account to any route.
    for _ in 0..2 {
        login(&app, "nobody@accounts.invalid", PASSWORD).await.expect(401);
        login(&app, "ada@example.com", PASSWORD).await.expect(401);
    }
    register(&app, "nobody@accounts.invalid", PASSWORD).await.expect(202);
    login(&app, "nobody@accounts.invalid", PASSWORD).await.expect(401);
}
