//! Account recovery: start, notifications, cancellation and completion.

use accounts::PersonName;
use accounts::user::User;
use recovery::jobs::tell_of_recovery::TellOfRecovery;
use recovery::jobs::{offer_recoveries, tell_of_recovery};
use recovery::letters::{MEMBER_RECOVERY_STARTED, RECOVERY_CANCELLED, RECOVERY_READY, RECOVERY_STARTED};
use recovery::routes::{cancel_recovery, complete_recovery, start_recovery};
use serde_json::{Value, json};
use shared::identity::{AccountChanges, AccountKey, Strength};
use shared::kernel::ids::UserId;
use shared::kernel::time::{CLOCKS_DIFFER_BY, SignedDuration};
use shared::tenancy::Role;
use shared::testing::{Request, Response, TestApp};
use workspaces::routes::update_security;

use crate::resetting::NEXT;
use test_support::authenticator::Authenticator;
use test_support::authenticator_app::*;
use test_support::passkey_owner::{Caller, sign_in};
use test_support::people::*;

const WAIT: SignedDuration = SignedDuration::from_hours(72);

async fn start(app: &TestApp, email: &str) -> Response {
    let challenge = challenge(app, email).await;
    post(app, &start_recovery::FUNCTION, json!({ "challenge": challenge })).await
}

async fn complete(app: &TestApp, token: &str, password: &str) -> Response {
    post(app, &complete_recovery::FUNCTION, json!({ "token": token, "password": password })).await
}

async fn cancel(app: &TestApp, token: &Value) -> Response {
    ask(app, &cancel_recovery::FUNCTION, token, Value::Null).await
}

/// Advances past the waiting time and returns the token of the link.
async fn offered(app: &TestApp, ada: &Enrolled) -> String {
    app.advance(WAIT);
    app.tick(&offer_recoveries::FUNCTION).await.unwrap();
    mailed_token(app, &ada.email, ada.user, "complete-recovery").await
}

async fn offers(app: &TestApp, user: UserId) -> usize {
    count_letters(app, user, RECOVERY_READY).await
}

#[tokio::test]
async fn a_recovery_removes_every_factor_after_the_waiting_time() {
    let app = TestApp::new();
    let began = app.now();
    let ada = enrolled(&app).await;
    let session = json!({ "access_token": ada.token, "user_id": ada.user });
    let mut authenticator = Authenticator::es256();
    Caller::of(&app, &session).add(&mut authenticator).await;
    let started = start(&app, &ada.email).await.expect(200).body;
    assert_eq!(started["ready_at"], shared::kernel::time::sortable(app.now() + WAIT));
    assert_eq!(get_me(&app, &ada.token).await.expect(200).body["recovery_ready_at"], started["ready_at"]);
    assert_eq!(last_subject(&app, ada.user).await, RECOVERY_STARTED);

    app.advance(WAIT - SignedDuration::from_secs(1));
    app.tick(&offer_recoveries::FUNCTION).await.unwrap();
    assert_eq!(offers(&app, ada.user).await, 0, "the link was emailed too soon");
    app.advance(SignedDuration::from_secs(1));
    for _ in 0..2 {
        app.tick(&offer_recoveries::FUNCTION).await.unwrap();
    }
    assert_eq!(offers(&app, ada.user).await, 1, "running the job twice emailed the link twice");
    let token = mailed_token(&app, &ada.email, ada.user, "complete-recovery").await;

    assert_eq!(complete(&app, &token, "k7#mQ2vx").await.expect(422).fields(), ["password"]);
    assert_eq!(complete(&app, &format!("{token}A"), NEXT).await.expect(422).code(), "link_invalid");
    let done = complete(&app, &token, NEXT).await.expect(200).body;
    let removed = json!({ "authenticator_apps": 1, "passkeys": 1, "recovery_codes": 1 });
    assert_eq!(done, json!({ "email": ada.email, "removed_factors": removed }));
    assert_eq!(complete(&app, &token, PASSWORD).await.expect(422).code(), "link_invalid");
    login(&app, &ada.email, PASSWORD).await.expect(401);
    sign_in(&app, &mut authenticator).await.expect(401);
    let tokens = login(&app, &ada.email, NEXT).await.expect(200).body;
    assert_eq!(get_me(&app, &tokens["access_token"]).await.expect(200).body["recovery_ready_at"], json!(null));
    enrol(&app, &tokens["access_token"]).await.expect(201);
    let events = app.events_since(began).await.unwrap();
    for name in ["recovery_started", "account_recovered"] {
        assert_eq!(events.iter().filter(|event| event.name == name).count(), 1, "{name}");
    }
}

/// The clock of the job that emailed it was ahead.
#[tokio::test]
async fn an_emailed_link_is_accepted_by_a_machine_whose_clock_is_behind() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    start(&app, &ada.email).await.expect(200);
    let token = offered(&app, &ada).await;
    app.advance(-CLOCKS_DIFFER_BY);
    complete(&app, &token, NEXT).await.expect(200);
}

#[tokio::test]
async fn a_recovery_without_a_valid_challenge_or_a_factor_is_refused() {
    let app = TestApp::new();
    for challenge in ["", "a.b", "x"] {
        let refused = post(&app, &start_recovery::FUNCTION, json!({ "challenge": challenge })).await.expect(401);
        assert_eq!(refused.code(), "challenge_expired");
    }
    let ada = enrolled(&app).await;
    let old = challenge(&app, &ada.email).await;
    app.advance(SignedDuration::from_mins(5));
    let refused = post(&app, &start_recovery::FUNCTION, json!({ "challenge": old })).await.expect(401);
    assert_eq!(refused.code(), "challenge_expired");
    // A valid challenge, but its user no longer has a factor.
    let old = challenge(&app, &ada.email).await;
    step(&app, &ada.token, json!({ "code": code(&app, &ada.secret) })).await.expect(200);
    disable(&app, &ada.token).await.expect(204);
    let refused = post(&app, &start_recovery::FUNCTION, json!({ "challenge": old })).await.expect(409);
    assert_eq!(refused.code(), "no_second_factor");
}

#[tokio::test]
async fn restarting_a_recovery_does_not_change_the_waiting_time() {
    let mut app = TestApp::new();
    let ada = enrolled(&app).await;
    let first = start(&app, &ada.email).await.expect(200).body;
    app.advance(SignedDuration::from_hours(24));
    app.configure(|config| config.recovery_wait_hours = 24);
    assert_eq!(start(&app, &ada.email).await.expect(200).body, first);
    app.tick(&offer_recoveries::FUNCTION).await.unwrap();
    assert_eq!(offers(&app, ada.user).await, 0, "a later setting shortened the wait");
    assert_eq!(count_letters(&app, ada.user, RECOVERY_STARTED).await, 1);
}

#[tokio::test]
async fn any_session_cancels_a_recovery() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    assert_eq!(cancel(&app, &ada.token).await.expect(404).code(), "not_found");
    start(&app, &ada.email).await.expect(200);
    // The session is not fresh: its factor was proved more than 10 minutes ago.
    app.advance(SignedDuration::from_mins(20));
    let token = json!(app.mint(ada.user, session_of(&ada.token)).await.unwrap());
    cancel(&app, &token).await.expect(204);
    assert_eq!(last_subject(&app, ada.user).await, RECOVERY_CANCELLED);
    app.advance(WAIT);
    app.tick(&offer_recoveries::FUNCTION).await.unwrap();
    assert_eq!(offers(&app, ada.user).await, 0);
}

fn session_of(token: &Value) -> shared::kernel::ids::SessionId {
    let claims = token.as_str().unwrap().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&shared::crypto::digest::from_base64url(claims).unwrap()).unwrap();
    claims["sid"].as_str().unwrap().parse().unwrap()
}

/// A user who signs in with a factor has not lost it: the recovery is cancelled, even after its link was emailed.
#[tokio::test]
async fn a_sign_in_with_the_factor_cancels_a_recovery() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    start(&app, &ada.email).await.expect(200);
    let token = offered(&app, &ada).await;
    let asked = challenge(&app, &ada.email).await;
    verify(&app, &asked, "code", &code(&app, &ada.secret)).await.expect(200);
    assert_eq!(complete(&app, &token, NEXT).await.expect(422).code(), "link_invalid");
    login(&app, &ada.email, PASSWORD).await.expect(200);
}

#[tokio::test]
async fn revoking_every_session_cancels_a_recovery() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    start(&app, &ada.email).await.expect(200);
    let token = offered(&app, &ada).await;
    let epoch = app.accounts().epoch(ada.user).await.unwrap();
    app.accounts().commit(AccountChanges::default().revoke_sessions(ada.user, epoch)).await.unwrap();
    assert_eq!(complete(&app, &token, NEXT).await.expect(422).code(), "link_invalid");
}

#[tokio::test]
async fn a_recovery_not_completed_within_a_week_is_deleted() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    start(&app, &ada.email).await.expect(200);
    let token = offered(&app, &ada).await;
    app.advance(SignedDuration::from_hours(7 * 24));
    assert_eq!(complete(&app, &token, NEXT).await.expect(422).code(), "link_invalid");
    app.tick(&offer_recoveries::FUNCTION).await.unwrap();
    let left = app.accounts().find::<accounts::recovery::Recovery>(&AccountKey::User(ada.user)).await.unwrap();
    assert!(left.is_none(), "the recovery was not deleted");
}

/// Adds a user to a new workspace and returns its owner.
async fn employer(app: &TestApp, user: UserId, role: Role) -> shared::testing::Person {
    let owner = app.owner().await.unwrap();
    let record = User::new(owner.user, email(app).parse().unwrap(), PersonName::parse("Grace").unwrap(), app.now());
    app.accounts().commit(AccountChanges::default().insert(&record)).await.unwrap();
    app.add_member(owner.workspace, user, role).await.unwrap();
    owner
}

async fn tell(app: &TestApp, user: UserId) {
    let posted = app.outbox::<TellOfRecovery>(&format!("U#{user}")).await.unwrap();
    assert_eq!(posted.len(), 1);
    // A message may be delivered twice.
    for _ in 0..2 {
        app.deliver(&tell_of_recovery::FUNCTION, &posted).await.unwrap();
    }
}

#[tokio::test]
async fn the_admins_of_every_workspace_of_the_user_are_notified_once() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let mut owners = Vec::new();
    for _ in 0..3 {
        owners.push(employer(&app, ada.user, Role::Member).await);
    }
    let colleague = app.join(owners[0].workspace, Role::Member).await.unwrap();
    start(&app, &ada.email).await.expect(200);
    tell(&app, ada.user).await;
    for owner in &owners {
        let sent_letters = letters(&app, owner.user).await;
        let [sent] = &sent_letters[..] else { panic!("{sent_letters:?}") };
        assert_eq!(sent.letter.subject(), MEMBER_RECOVERY_STARTED);
        assert!(sent.letter.paragraphs().any(|paragraph| paragraph.contains("Ada Lovelace is a member")));
    }
    assert!(letters(&app, colleague.user).await.is_empty(), "a plain member was notified");
}

async fn secure(app: &TestApp, by: &shared::testing::Person, rule: &str) -> Response {
    let body = json!({ "second_factor": "admins", "admin_recovery": rule });
    app.call(Request::to(&update_security::FUNCTION).by(by).json(body)).await
}

#[tokio::test]
async fn an_owner_can_block_recovery_for_admins() {
    let app = TestApp::new();
    let ada = enrolled(&app).await;
    let owner = employer(&app, ada.user, Role::Admin).await;
    let admin = app.join(owner.workspace, Role::Admin).await.unwrap();
    assert_eq!(secure(&app, &admin, "blocked").await.expect(403).code(), "permission_missing");
    start(&app, &ada.email).await.expect(200);
    let token = offered(&app, &ada).await;
    let owner = app.with_strength(&owner, Strength::Multi).await.unwrap();
    let admin = app.with_strength(&admin, Strength::Multi).await.unwrap();
    let view = secure(&app, &owner, "blocked").await.expect(200).body;
    assert_eq!((&view["second_factor"], &view["admin_recovery"]), (&json!("admins"), &json!("blocked")));
    // This also blocks a pending recovery.
    assert_eq!(complete(&app, &token, NEXT).await.expect(403).code(), "recovery_blocked");
    assert_eq!(start(&app, &ada.email).await.expect(403).code(), "recovery_blocked");
    // An admin can change other settings without changing this one.
    let body = json!({ "second_factor": "everyone" });
    let kept = app.call(Request::to(&update_security::FUNCTION).by(&admin).json(body)).await.expect(200).body;
    assert_eq!(kept["admin_recovery"], "blocked");
    secure(&app, &owner, "allowed").await.expect(200);
    complete(&app, &token, NEXT).await.expect(200);
}

#[tokio::test]
async fn recovery_is_never_blocked_for_members_and_owners() {
    let app = TestApp::new();
    for role in [Role::Member, Role::Owner] {
        let ada = enrolled(&app).await;
        let owner = employer(&app, ada.user, role).await;
        secure(&app, &owner, "blocked").await.expect(200);
        start(&app, &ada.email).await.expect(200);
    }
}
