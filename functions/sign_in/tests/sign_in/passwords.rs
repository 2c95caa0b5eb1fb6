//! Passwords: how they are changed, imported and counted.

use accounts::jobs::{import_accounts, report_weak_hashes};
use accounts::user::PasswordRecord;
use serde_json::{Value, json};
use shared::identity::AccountKey;
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};
use sign_in::letters;
use sign_in::routes::change_password;
use test_support::authenticator_app::*;
use test_support::people::*;

const NEXT: &str = "9 grey crows under a lamp";

async fn change(app: &TestApp, tokens: &Value, current: &str, new: &str) -> Response {
    app.advance(SignedDuration::from_millis(1));
    let body = json!({ "current_password": current, "new_password": new });
    let bearer = tokens["access_token"].as_str().unwrap();
    app.call(Request::to(&change_password::FUNCTION).bearer(bearer).json(body)).await
}

async fn changed_letters(app: &TestApp, user: UserId) -> usize {
    count_letters(app, user, letters::PASSWORD_CHANGED).await
}

#[tokio::test]
async fn changing_the_password_with_the_current_one_ends_every_session() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let here = login(&app, &email, PASSWORD).await.expect(200).body;
    let there = login(&app, &email, PASSWORD).await.expect(200).body;
    let next = change(&app, &here, PASSWORD, NEXT).await.expect(200).body;

    for tokens in [&here, &there] {
        get_me(&app, &tokens["access_token"]).await.expect(401);
        refresh(&app, &tokens["refresh_token"]).await.expect(401);
    }
    get_me(&app, &next["access_token"]).await.expect(200);
    refresh(&app, &next["refresh_token"]).await.expect(200);
    login(&app, &email, PASSWORD).await.expect(401);
    login(&app, &email, NEXT).await.expect(200);
    assert_eq!(changed_letters(&app, user).await, 1);
}

#[tokio::test]
async fn a_password_change_is_refused_for_a_wrong_current_or_unfit_new_password() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    let local_part = email.split('@').next().unwrap();
    for (current, new, status, code, field) in [
        ("not the right one", NEXT, 403, "wrong_password", "current_password"),
        (PASSWORD, PASSWORD, 422, "same_password", "new_password"),
        (PASSWORD, "Passw0rd!Passw0rd!1", 422, "invalid_input", "new_password"),
        (PASSWORD, "k7#mQ2vx", 422, "invalid_input", "new_password"),
        (PASSWORD, local_part, 422, "invalid_input", "new_password"),
    ] {
        let refused = change(&app, &tokens, current, new).await.expect(status);
        assert_eq!((refused.code(), refused.fields()), (code, vec![field]), "{}", refused.text);
    }
    // The sixth request exceeds the limit, even though the others failed.
    assert_eq!(change(&app, &tokens, PASSWORD, NEXT).await.expect(429).code(), "too_many_requests");
    app.advance(SignedDuration::from_mins(11));
    assert_eq!(change(&app, &tokens, PASSWORD, NEXT).await.expect(401).code(), "fresh_factor_needed");
    app.call(Request::to(&change_password::FUNCTION).json(json!({}))).await.expect(401);
    login(&app, &email, PASSWORD).await.expect(200);
    assert_eq!(changed_letters(&app, user).await, 0);
}

const SHORT: &str = "k7#mQ2vx";

#[tokio::test]
async fn a_session_older_than_the_second_factor_cannot_change_the_password() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let before = login(&app, &email, PASSWORD).await.expect(200).body;
    let token = login(&app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    let begun = enrol(&app, &token).await.expect(201).body;
    confirm(&app, &token, &code(&app, begun["secret"].as_str().unwrap())).await.expect(200);
    assert_eq!(change(&app, &before, PASSWORD, NEXT).await.expect(401).code(), "fresh_factor_needed");
}

#[tokio::test]
async fn a_short_password_is_never_the_only_factor() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let tokens = json!({ "access_token": ada.token });
    let (changed, disabled) = futures::join!(change(&app, &tokens, PASSWORD, SHORT), disable(&app, &ada.token));
    assert!(changed.status != 200 || disabled.status != 204, "{} {}", changed.text, disabled.text);
    assert!(changed.status == 200 || disabled.status == 204, "{} {}", changed.text, disabled.text);
}

/// The hash of `U*U` at cost 12, by libxcrypt, and of 72 times x.
const LEGACY: &str = "$2b$12$CCCCCCCCCCCCCCCCCCCCC.wgsDBuVnYlgJOOh/5QDniUpdm5/rfEe";
const LEGACY_72: &str = "$2b$12$CCCCCCCCCCCCCCCCCCCCC.Pxl2TLx3qcUTDscaJ6MoN8okKyVDTeq";

fn importing() -> TestApp {
    let mut app = TestApp::new();
    app.configure(|config| config.legacy_bcrypt_cost = Some(12));
    app
}

fn row(email: &str, hash: &str) -> Value {
    json!({ "email": email, "name": "Grace Hopper", "password_hash": hash, "created_at": "2024-05-01T12:00:00Z" })
}

async fn password_of(app: &TestApp, email: &str) -> PasswordRecord {
    let owner = address(app, email).await.unwrap().owner().unwrap();
    app.accounts().find::<PasswordRecord>(&AccountKey::User(owner)).await.unwrap().unwrap().into_inner()
}

#[tokio::test]
async fn imported_accounts_are_rehashed_when_they_sign_in() {
    let app = importing();
    let (one, two) = (email(&app), email(&app));
    let payload = json!({ "accounts": [row(&one.to_uppercase(), LEGACY), row(&two, LEGACY_72)] });
    app.run(&import_accounts::FUNCTION, payload.clone()).await.unwrap();
    assert_eq!(password_of(&app, &one).await.hash.parameters(), "bcrypt 12");

    login(&app, &one, "U*V").await.expect(401);
    let tokens = login(&app, &one, "U*U").await.expect(200).body;
    let me = get_me(&app, &tokens["access_token"]).await.expect(200).body;
    assert_eq!((&me["email"], &me["created_at"]), (&json!(one), &json!("2024-05-01T12:00:00.000Z")));
    let record = password_of(&app, &one).await;
    assert!(record.hash.parameters().starts_with("argon2id"), "{}", record.hash.parameters());
    assert!(record.is_short());
    login(&app, &one, "U*U").await.expect(200);

    // bcrypt only compares the first 72 bytes.
    let refused = login(&app, &two, &"x".repeat(73)).await.expect(403);
    assert_eq!(refused.code(), "password_reset_required");
    login(&app, &two, &"x".repeat(71)).await.expect(401);
    login(&app, &two, &"x".repeat(72)).await.expect(200);

    // A second import changes no account.
    app.run(&import_accounts::FUNCTION, payload).await.unwrap();
    assert!(password_of(&app, &one).await.hash.parameters().starts_with("argon2id"));
}

#[tokio::test]
async fn an_import_replaces_a_pending_registration_but_not_an_account() {
    let app = importing();
    let (waits, taken) = (email(&app), user(&app).await.0);
    let token = registration_token(&app, &waits).await;
    let payload = json!({ "accounts": [row(&waits, LEGACY), row(&taken, LEGACY)] });
    app.run(&import_accounts::FUNCTION, payload).await.unwrap();
    verify_email(&app, &token, PASSWORD).await.expect(422);
    login(&app, &waits, "U*U").await.expect(200);
    login(&app, &taken, "U*U").await.expect(401);
    login(&app, &taken, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn an_import_reports_refused_rows_without_their_contents() {
    let app = importing();
    let emails: Vec<String> = (0..5).map(|_| email(&app)).collect();
    let rows = json!({ "accounts": [
        row(&emails[0], LEGACY),
        row(&emails[1], &LEGACY.replace("$12$", "$11$")),
        row(&emails[2], &LEGACY.replace("$12$", "$13$")),
        row("grace at example", LEGACY),
        row(&emails[3], "$1$deadbeef"),
        { "email": emails[4], "name": "Grace", "password_hash": 7 },
    ]});
    let refused = app.run(&import_accounts::FUNCTION, rows).await.unwrap_err();
    assert_eq!(
        refused.detail(),
        "row 2: password_hash must have a cost of 12 to 12, the highest that this deployment is configured for; \
         row 3: password_hash must have a cost of 12 to 12, the highest that this deployment is configured for; \
         row 4: must have a valid email, name and password_hash, and optionally a valid created_at; \
         row 5: password_hash must be a bcrypt hash of 60 characters that begins with $2a$, $2b$ or $2y$; \
         row 6: must have a valid email, name and password_hash, and optionally a valid created_at"
    );
    login(&app, &emails[0], "U*U").await.expect(200);
    let events = app.events_since(app.now() - SignedDuration::from_mins(1)).await.unwrap();
    let wanted = json!({ "imported": 1, "had_owner": 0, "refused": 5 });
    assert!(events.iter().any(|event| event.name == "accounts_imported" && event.detail == wanted));
}

#[tokio::test]
async fn an_import_of_too_many_rows_or_without_configuration_is_refused() {
    let mut app = importing();
    let too_many: Vec<Value> = (0..501).map(|_| row("grace@example.com", LEGACY)).collect();
    for rows in [json!(too_many), json!([]), json!(LEGACY), json!(null)] {
        let refused = app.run(&import_accounts::FUNCTION, json!({ "accounts": rows })).await.unwrap_err();
        assert_eq!(refused.detail(), "accounts must be a list of 1 to 500 rows");
    }
    app.configure(|config| config.legacy_bcrypt_cost = None);
    let rows = json!({ "accounts": [row("grace@example.com", LEGACY)] });
    let refused = app.run(&import_accounts::FUNCTION, rows).await.unwrap_err();
    assert_eq!(refused.code(), "import_not_allowed");
}

#[tokio::test]
async fn weak_hashes_are_counted_by_their_parameters() {
    let mut app = TestApp::new();
    app.configure(|config| config.legacy_bcrypt_cost = Some(12));
    for _ in 0..2 {
        user(&app).await;
    }
    let imported = email(&app);
    app.run(&import_accounts::FUNCTION, json!({ "accounts": [row(&imported, LEGACY)] })).await.unwrap();
    let report = async |app: &TestApp| {
        app.advance(SignedDuration::from_secs(1));
        let since = app.now();
        app.tick(&report_weak_hashes::FUNCTION).await.unwrap();
        let events = app.events_since(since).await.unwrap();
        events.into_iter().find(|event| event.name == "weak_password_hashes").expect("a report").detail
    };
    assert_eq!(report(&app).await, json!({ "passwords": 3, "weak": { "bcrypt 12": 1 } }));
    app.configure(|config| config.password_cost.passes = 2);
    let both = json!({ "argon2id m=8,t=1,p=1 pepper=1": 2, "bcrypt 12": 1 });
    assert_eq!(report(&app).await, json!({ "passwords": 3, "weak": both }));
    login(&app, &imported, "U*U").await.expect(200);
    let left = json!({ "argon2id m=8,t=1,p=1 pepper=1": 2 });
    assert_eq!(report(&app).await, json!({ "passwords": 3, "weak": left }));
}

#[tokio::test]
async fn hashes_with_an_old_pepper_still_verify_and_are_rehashed() {
    let mut app = TestApp::new();
    let (email, _) = user(&app).await;
    app.configure(|config| config.pepper_version = 2);
    login(&app, &email, "not the right one").await.expect(401);
    login(&app, &email, PASSWORD).await.expect(200);
    assert!(password_of(&app, &email).await.hash.parameters().ends_with("pepper=2"));
    login(&app, &email, PASSWORD).await.expect(200);
}
