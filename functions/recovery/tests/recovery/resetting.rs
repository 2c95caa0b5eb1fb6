//! Password reset by an emailed link: revocation, and which factors stay.

use accounts::address::Address;
use accounts::letters::{NO_ACCOUNT, RESET_PASSWORD, VERIFY_EMAIL};
use accounts::routes::{request_password_reset, verify_email};
use recovery::routes::reset_password;
use serde_json::{Value, json};
use shared::identity::AccountKey;
use shared::kernel::ids::UserId;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, Response, TestApp};
use sign_in::letters::PASSWORD_CHANGED;
use sign_in::routes::{change_password, login};

use accounts::user::User;
use test_support::authenticator::Authenticator;
use test_support::authenticator_app::*;
use test_support::passkey_owner::{Caller, sign_in};
use test_support::people::*;

pub const NEXT: &str = "9 grey crows under a lamp";

async fn change(app: &TestApp, tokens: &Value, current: &str, new: &str) -> Response {
    app.advance(SignedDuration::from_millis(1));
    let body = json!({ "current_password": current, "new_password": new });
    let bearer = tokens["access_token"].as_str().unwrap();
    app.call(Request::to(&change_password::FUNCTION).bearer(bearer).json(body)).await
}

async fn request_reset(app: &TestApp, email: &str) -> Response {
    post(app, &request_password_reset::FUNCTION, json!({ "email": email })).await
}

async fn reset(app: &TestApp, token: &str, password: &str) -> Response {
    post(app, &reset_password::FUNCTION, json!({ "token": token, "password": password })).await
}

/// Resets the password and removes recently added factors.
async fn reset_removing_recent_factors(app: &TestApp, token: &str, password: &str) -> Response {
    let body = json!({ "token": token, "password": password, "remove_recent_factors": true });
    post(app, &reset_password::FUNCTION, body).await
}

/// Requests a reset and returns the token from its email.
async fn reset_token(app: &TestApp, email: &str, user: UserId) -> String {
    request_reset(app, email).await.expect(202);
    mailed_token(app, email, user, "reset-password").await
}

async fn changed_letters(app: &TestApp, user: UserId) -> usize {
    count_letters(app, user, PASSWORD_CHANGED).await
}

fn counts(apps: u32, passkeys: u32, codes: u32) -> Value {
    json!({ "authenticator_apps": apps, "passkeys": passkeys, "recovery_codes": codes })
}

#[tokio::test]
async fn an_emailed_link_resets_the_password_once() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    let (first, token) = (reset_token(&app, &email, user).await, reset_token(&app, &email, user).await);

    let answer = reset(&app, &token, NEXT).await.expect(200);
    assert_eq!(
        answer.body,
        json!({ "email": email, "recent_factors": counts(0, 0, 0) }),
        "the response contains more than expected"
    );
    get_me(&app, &tokens["access_token"]).await.expect(401);
    refresh(&app, &tokens["refresh_token"]).await.expect(401);
    for used in [&token, &first] {
        let refused = reset(&app, used, "another long passphrase").await.expect(422);
        assert_eq!((refused.code(), refused.fields()), ("link_invalid", vec!["token"]));
    }
    login(&app, &email, PASSWORD).await.expect(401);
    login(&app, &email, NEXT).await.expect(200);
    assert_eq!(changed_letters(&app, user).await, 1);
}

#[tokio::test]
async fn two_parallel_resets_set_one_password() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let token = reset_token(&app, &email, user).await;
    let (one, two) = futures::join!(reset(&app, &token, NEXT), reset(&app, &token, "another long passphrase"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422], "{} {}", one.text, two.text);
    let right = if one.status == 200 { NEXT } else { "another long passphrase" };
    login(&app, &email, right).await.expect(200);
    assert_eq!(changed_letters(&app, user).await, 1);
}

#[tokio::test]
async fn a_forged_or_30_minutes_old_reset_link_is_refused() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let token = reset_token(&app, &email, user).await;
    let unfit = reset(&app, &token, "passwordpassword123").await.expect(422);
    assert_eq!(unfit.fields(), ["password"]);
    for forged in [format!("{token}A"), token.replace('.', ""), String::new(), "x".repeat(5000)] {
        assert_eq!(reset(&app, &forged, NEXT).await.expect(422).code(), "link_invalid");
    }
    app.advance(SignedDuration::from_mins(30));
    assert_eq!(reset(&app, &token, NEXT).await.expect(422).code(), "link_invalid");
    login(&app, &email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn a_password_change_invalidates_reset_links() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    let token = reset_token(&app, &email, user).await;
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    change(&app, &tokens, PASSWORD, NEXT).await.expect(200);
    assert_eq!(reset(&app, &token, "another long passphrase").await.expect(422).code(), "link_invalid");
}

#[tokio::test]
async fn a_reset_request_gets_the_same_response_for_every_address() {
    let app = TestApp::new();
    let (known, user) = user(&app).await;
    let (waits, unknown) = (email(&app), email(&app));
    register(&app, &waits).await.expect(202);
    // The first request fetches the key that letters are sealed with.
    request_reset(&app, &email(&app)).await.expect(202);
    app.wire(&request_password_reset::FUNCTION).take();
    let mut responses = Vec::new();
    for email in [&waits, &known, &unknown] {
        let answer = request_reset(&app, email).await.expect(202);
        responses.push((answer.text, app.wire(&request_password_reset::FUNCTION).take()));
    }
    assert_eq!((&responses[0], &responses[1]), (&responses[1], &responses[2]));
    assert_eq!(last_subject(&app, user).await, RESET_PASSWORD);
    let newcomer = registered(&app, &waits).await;
    assert_eq!(last_subject(&app, newcomer).await, VERIFY_EMAIL);
    let told = letters_to(&app, &unknown).await;
    assert_eq!(told.iter().map(|sent| sent.letter.subject()).collect::<Vec<_>>(), [NO_ACCOUNT]);
}

#[tokio::test]
async fn a_reset_ends_the_delay_caused_by_failures() {
    let app = TestApp::new();
    let (email, user) = user(&app).await;
    for _ in 0..8 {
        login(&app, &email, "not the right one").await.expect(401);
    }
    login(&app, &email, PASSWORD).await.expect(401);
    let token = reset_token(&app, &email, user).await;
    reset(&app, &token, NEXT).await.expect(200);
    login(&app, &email, NEXT).await.expect(200);
}

const SHORT: &str = "k7#mQ2vx";

#[tokio::test]
async fn a_short_password_is_allowed_with_a_second_factor_which_a_reset_keeps() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let next = change(&app, &json!({ "access_token": ada.token }), PASSWORD, SHORT).await.expect(200).body;
    // The new session is as strong as the previous one; otherwise the response would differ.
    assert_eq!(disable(&app, &next["access_token"]).await.expect(409).code(), "password_too_short");

    let token = reset_token(&app, &ada.email, ada.user).await;
    reset(&app, &token, "blau7kuh!").await.expect(200);
    get_me(&app, &next["access_token"]).await.expect(401);
    let asked = login(&app, &ada.email, "blau7kuh!").await.expect(200).body;
    assert!(asked["second_factor"].is_object() && asked.get("access_token").is_none(), "{asked}");

    let token = reset_token(&app, &ada.email, ada.user).await;
    reset(&app, &token, NEXT).await.expect(200);
    let asked = login(&app, &ada.email, NEXT).await.expect(200).body;
    let code = code(&app, &ada.secret);
    let tokens = verify(&app, &asked["second_factor"]["challenge"], "code", &code).await.expect(200).body;
    disable(&app, &tokens["access_token"]).await.expect(204);
    let token = reset_token(&app, &ada.email, ada.user).await;
    assert_eq!(reset(&app, &token, SHORT).await.expect(422).fields(), ["password"]);
}

/// An account to which an attacker who learned the password has added an app and a passkey. Returns the user, the
/// attacker's tokens and the attacker's authenticator.
async fn with_an_attackers_factors(app: &TestApp) -> (String, UserId, Value, Authenticator) {
    let (email, user) = user(app).await;
    app.advance(SignedDuration::from_hours(24));
    let attacker = login(app, &email, PASSWORD).await.expect(200).body;
    let begun = enrol(app, &attacker["access_token"]).await.expect(201).body;
    let code = code(app, begun["secret"].as_str().unwrap());
    confirm(app, &attacker["access_token"], &code).await.expect(200);
    let mut authenticator = Authenticator::es256();
    Caller::of(app, &attacker).add(&mut authenticator).await;
    (email, user, attacker, authenticator)
}

/// An attacker who learned the password adds a factor of their own. It does not lock out the owner.
#[tokio::test]
async fn a_reset_can_remove_recently_added_factors() {
    let app = TestApp::new();
    let (email, user, ..) = with_an_attackers_factors(&app).await;

    let token = reset_token(&app, &email, user).await;
    let answer = reset(&app, &token, NEXT).await.expect(200).body;
    assert_eq!(answer["recent_factors"], counts(1, 1, 1), "the owner was not shown the factors");
    assert!(login(&app, &email, NEXT).await.expect(200).body["second_factor"].is_object());

    let token = reset_token(&app, &email, user).await;
    let answer = reset_removing_recent_factors(&app, &token, PASSWORD).await.expect(200).body;
    assert_eq!(answer["recent_factors"], counts(1, 1, 1), "they stay recent until the owner removes them");
    assert!(login(&app, &email, PASSWORD).await.expect(200).body["access_token"].is_string());
}

#[tokio::test]
async fn a_reset_that_removes_recent_factors_requires_a_long_password() {
    let app = TestApp::new();
    let (email, user, attacker, mut authenticator) = with_an_attackers_factors(&app).await;

    let token = reset_token(&app, &email, user).await;
    let unfit = reset_removing_recent_factors(&app, &token, SHORT).await.expect(422);
    assert_eq!(unfit.fields(), ["password"], "it would be the only factor");
    let answer = reset_removing_recent_factors(&app, &token, NEXT).await.expect(200).body;
    assert_eq!(answer["recent_factors"], counts(1, 1, 1));
    get_me(&app, &attacker["access_token"]).await.expect(401);
    sign_in(&app, &mut authenticator).await.expect(401);
    let tokens = login(&app, &email, NEXT).await.expect(200).body;
    let left = factors(&app, &tokens["access_token"]).await;
    assert_eq!((&left["passkeys"], &left["totp"]), (&json!(0), &json!(null)));
    // The password is the only factor again.
    enrol(&app, &tokens["access_token"]).await.expect(201);
}

#[tokio::test]
async fn a_reset_keeps_factors_older_than_a_week() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    app.advance(SignedDuration::from_hours(7 * 24));
    let token = reset_token(&app, &ada.email, ada.user).await;
    let answer = reset_removing_recent_factors(&app, &token, NEXT).await.expect(200).body;
    assert_eq!(answer["recent_factors"], counts(0, 0, 0));
    assert!(login(&app, &ada.email, NEXT).await.expect(200).body["second_factor"].is_object());
}

/// With an existing app and a recently added passkey, the app and its recovery codes stay.
#[tokio::test]
async fn a_reset_removes_only_the_recent_of_several_factors() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    app.advance(SignedDuration::from_hours(8 * 24));
    let challenge = challenge(&app, &ada.email).await;
    let tokens = verify(&app, &challenge, "code", &code(&app, &ada.secret)).await.expect(200).body;
    let mut authenticator = Authenticator::es256();
    Caller::of(&app, &tokens).add(&mut authenticator).await;
    let token = reset_token(&app, &ada.email, ada.user).await;
    let answer = reset_removing_recent_factors(&app, &token, SHORT).await.expect(200).body;
    assert_eq!(answer["recent_factors"], counts(0, 1, 0));
    sign_in(&app, &mut authenticator).await.expect(401);
    let asked = login(&app, &ada.email, SHORT).await.expect(200).body;
    next_code(&app);
    let challenge = &asked["second_factor"]["challenge"];
    verify(&app, challenge, "recovery_code", &ada.recovery_codes[0]).await.expect(200);
}

/// A deleted account behaves like a missing one.
#[tokio::test]
async fn a_reset_link_of_a_deleted_account_is_refused() {
    let app = TestApp::new();
    let (email, id) = user(&app).await;
    let token = reset_token(&app, &email, id).await;
    let accounts = app.accounts();
    let mut user = accounts.find::<User>(&AccountKey::User(id)).await.unwrap().unwrap();
    user.deleted_at = Some(app.now());
    accounts.commit(shared::identity::AccountChanges::default().replace(&user)).await.unwrap();
    assert_eq!(reset(&app, &token, NEXT).await.expect(422).code(), "link_invalid");
    let address: Address = address(&app, &email).await.unwrap();
    assert_eq!(address.owner(), Some(id));
}

/// How many credential attempts an address has left.
async fn left(app: &TestApp, address: &str) -> usize {
    for made in 0..6 {
        let body = json!({ "email": "ada@example.com", "password": "not the right password" });
        let answer = app.call(Request::to(&login::FUNCTION).ip(address).json(body)).await;
        if answer.status == 429 {
            return made;
        }
    }
    panic!("a sixth attempt was admitted")
}

#[tokio::test]
async fn requesting_a_link_counts_as_an_attempt_and_using_it_does_not() {
    let app = TestApp::new();
    let email = email(&app);
    let token = registration_token(&app, &email).await;
    let user = registered(&app, &email).await;
    app.move_address();
    let address = app.address();
    let at_office = async |route, body| {
        app.advance(SignedDuration::from_millis(1));
        app.call(Request::to(route).ip(&address).json(body)).await
    };
    let body = json!({ "token": token, "name": "Ada", "password": PASSWORD });
    at_office(&verify_email::FUNCTION, body).await.expect(200);
    at_office(&request_password_reset::FUNCTION, json!({ "email": email })).await.expect(202);
    let token = mailed_token(&app, &email, user, "reset-password").await;
    let body = json!({ "token": token, "password": NEXT });
    at_office(&reset_password::FUNCTION, body.clone()).await.expect(200);
    // A used link is a failed attempt.
    at_office(&reset_password::FUNCTION, body).await.expect(422);
    assert_eq!(left(&app, &address).await, 5 - 2);
}
