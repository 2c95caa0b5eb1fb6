//! Grants by an operator, and the links with which members of the staff register their passkeys.

use serde_json::{Value, json};
use shared::aws::wire::Fault;
use shared::identity::STAFF_SESSION_LIFETIME;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, TestApp};
use staff::jobs::{grant_staff, revoke_staff};
use staff::routes::{complete_staff_enrolment, get_own_staff_member};
use test_support::passkey_owner::{self, Caller};
use test_support::people::email;
use test_support::staff_member::{
    authenticator, call, enrol, enrolled, grant, revoke, sign_in, sign_in_as, start, start_enrolment, token,
};

async fn events(app: &TestApp) -> Vec<String> {
    let events = app.events_since(app.now() - SignedDuration::from_mins(1)).await.unwrap();
    events.into_iter().map(|event| event.name).filter(|name| name.starts_with("staff_")).collect()
}

async fn own(app: &TestApp, access_token: &Value) -> Value {
    let request = Request::to(&get_own_staff_member::FUNCTION);
    call(app, access_token.as_str().unwrap(), request).await.expect(200).body
}

#[tokio::test]
async fn a_granted_member_enrols_signs_in_and_sees_their_own_roles() {
    let app = TestApp::new();
    let email = email(&app);
    let granted = grant(&app, &email, &["support", "billing"]).await;
    let token = token(&granted);
    let started = start_enrolment(&app, &token).await.expect(200).body;
    assert_eq!(started["options"]["rp"]["id"], "staff.example.com");
    assert_eq!(started["options"]["user"]["name"], json!(email));
    assert_eq!(started["options"]["authenticatorSelection"]["userVerification"], "required");
    let mut authenticator = authenticator();
    let credential = authenticator.create(&started["options"]);
    enrol(&app, &token, &started, credential).await.expect(204);
    let signed_in = sign_in(&app, &mut authenticator).await.expect(200).body;
    assert_eq!(signed_in["staff_id"], granted["staff_id"]);
    assert_eq!(signed_in["expires_in_s"], STAFF_SESSION_LIFETIME.as_secs());
    let shown = own(&app, &signed_in["access_token"]).await;
    assert_eq!((&shown["id"], &shown["email"]), (&granted["staff_id"], &json!(email)));
    assert_eq!((&shown["name"], &shown["roles"]), (&json!("Grace Hopper"), &json!(["support", "billing"])));
    let mut events = events(&app).await;
    events.sort();
    assert_eq!(events, ["staff_granted", "staff_passkey_added", "staff_signed_in"]);
}

#[tokio::test]
async fn a_link_works_once() {
    let app = TestApp::new();
    let token = token(&grant(&app, &email(&app), &["admin"]).await);
    let first = start_enrolment(&app, &token).await.expect(200).body;
    let second = start_enrolment(&app, &token).await.expect(200).body;
    enrol(&app, &token, &first, authenticator().create(&first["options"])).await.expect(204);
    let replayed = enrol(&app, &token, &second, authenticator().create(&second["options"])).await.expect(422);
    assert_eq!((replayed.code(), replayed.fields()), ("enrolment_over", vec!["token"]));
    assert_eq!(start_enrolment(&app, &token).await.expect(422).code(), "enrolment_over");
}

#[tokio::test]
async fn of_two_concurrent_enrolments_by_one_link_one_succeeds() {
    let app = TestApp::new();
    let token = token(&grant(&app, &email(&app), &["admin"]).await);
    let started = [start_enrolment(&app, &token).await.body, start_enrolment(&app, &token).await.body];
    let [one, other] = started.each_ref().map(|started| {
        let credential = authenticator().create(&started["options"]);
        json!({ "token": token, "ceremony": started["ceremony"], "name": "Laptop", "credential": credential })
    });
    let request = |body: Value| Request::to(&complete_staff_enrolment::FUNCTION).json(body);
    let during = async { drop(app.call(request(other).ip("192.0.2.9")).await.expect(204)) };
    let (late, reached) = app.call_while(request(one), during).await;
    assert!(reached.is_some(), "the other enrolment was made before the commit");
    assert_eq!(late.expect(422).code(), "enrolment_over");
}

#[tokio::test]
async fn a_link_ends_after_an_hour_by_a_newer_one_and_by_a_revocation() {
    let app = TestApp::new();
    let email = email(&app);
    let first = token(&grant(&app, &email, &["admin"]).await);
    let second = token(&grant(&app, &email, &["admin"]).await);
    assert_eq!(start_enrolment(&app, &first).await.expect(422).code(), "enrolment_over", "it was replaced");
    start_enrolment(&app, &second).await.expect(200);
    app.advance(SignedDuration::from_hours(1));
    assert_eq!(start_enrolment(&app, &second).await.expect(422).code(), "enrolment_over", "an hour has passed");
    let third = token(&grant(&app, &email, &["admin"]).await);
    let started = start_enrolment(&app, &third).await.expect(200).body;
    revoke(&app, &email).await;
    let credential = authenticator().create(&started["options"]);
    assert_eq!(enrol(&app, &third, &started, credential).await.expect(422).code(), "enrolment_over", "revoked");
    let unknown = start_enrolment(&app, &"A".repeat(43)).await.expect(422);
    assert_eq!(unknown.code(), "enrolment_over");
}

#[tokio::test]
async fn a_passkey_that_was_registered_during_a_revocation_does_not_sign_in() {
    let app = TestApp::new();
    let email = email(&app);
    let token = token(&grant(&app, &email, &["admin"]).await);
    let started = start_enrolment(&app, &token).await.expect(200).body;
    let mut authenticator = authenticator();
    let credential = authenticator.create(&started["options"]);
    let body = json!({ "token": token, "ceremony": started["ceremony"], "name": "Laptop", "credential": credential });
    let request = Request::to(&complete_staff_enrolment::FUNCTION).json(body);
    let (answer, reached) = app.call_while(request, revoke(&app, &email)).await;
    assert!(reached.is_some());
    assert_eq!(answer.expect(422).code(), "enrolment_over");
    assert_eq!(sign_in(&app, &mut authenticator).await.expect(401).code(), "passkey_refused");
}

/// The revocation has read the passkeys before this one is registered, and deletes only those.
#[tokio::test]
async fn a_passkey_that_is_registered_before_its_members_revocation_commits_does_not_sign_in() {
    let app = TestApp::new();
    let email = email(&app);
    let token = token(&grant(&app, &email, &["admin"]).await);
    let started = start_enrolment(&app, &token).await.expect(200).body;
    let mut authenticator = authenticator();
    let credential = authenticator.create(&started["options"]);
    let wire = app.wire(&revoke_staff::FUNCTION);
    wire.arm(Fault::Hold("DynamoDB.TransactWriteItems"));
    let mut revoking = std::pin::pin!(revoke(&app, &email));
    tokio::select! {
        biased;
        () = &mut revoking => panic!("the revocation commits nothing"),
        () = wire.held.notified() => {}
    }
    enrol(&app, &token, &started, credential).await.expect(204);
    wire.release();
    revoking.await;
    assert_eq!(sign_in(&app, &mut authenticator).await.expect(401).code(), "passkey_refused");
}

#[tokio::test]
async fn a_revoked_member_is_refused_at_the_next_request_until_they_are_granted_and_enrol_again() {
    let app = TestApp::new();
    let mut member = enrolled(&app, &["admin"]).await;
    let signed_in = sign_in(&app, &mut member.authenticator).await.expect(200).body;
    let access_token = signed_in["access_token"].as_str().unwrap().to_owned();
    own(&app, &signed_in["access_token"]).await;
    revoke(&app, &member.email).await;
    let refused = call(&app, &access_token, Request::to(&get_own_staff_member::FUNCTION)).await.expect(401);
    assert_eq!(refused.code(), "not_signed_in");
    assert_eq!(sign_in(&app, &mut member.authenticator).await.expect(401).code(), "passkey_refused");
    revoke(&app, &member.email).await;
    let granted = grant(&app, &member.email, &["support"]).await;
    assert_eq!(granted["staff_id"], signed_in["staff_id"]);
    assert_eq!(sign_in(&app, &mut member.authenticator).await.expect(401).code(), "passkey_refused", "an old passkey");
    call(&app, &access_token, Request::to(&get_own_staff_member::FUNCTION)).await.expect(401);
    let token = token(&granted);
    let started = start_enrolment(&app, &token).await.expect(200).body;
    assert_eq!(started["options"]["excludeCredentials"], json!([]));
    let mut next = authenticator();
    let credential = next.create(&started["options"]);
    enrol(&app, &token, &started, credential).await.expect(204);
    let again = sign_in(&app, &mut next).await.expect(200).body;
    assert_eq!(own(&app, &again["access_token"]).await["roles"], json!(["support"]));
}

#[tokio::test]
async fn roles_granted_again_apply_to_the_next_request_of_an_open_session() {
    let app = TestApp::new();
    let mut member = enrolled(&app, &["admin"]).await;
    let signed_in = sign_in(&app, &mut member.authenticator).await.expect(200).body;
    grant(&app, &member.email, &["billing"]).await;
    assert_eq!(own(&app, &signed_in["access_token"]).await["roles"], json!(["billing"]));
    sign_in(&app, &mut member.authenticator).await.expect(200);
}

#[tokio::test]
async fn an_operator_gets_the_reason_of_a_refusal_and_nothing_is_stored() {
    let mut app = TestApp::new();
    let email = email(&app);
    for roles in [json!([]), json!(["admin", "admin"])] {
        let payload = json!({ "email": email, "name": "Grace Hopper", "roles": roles });
        assert_eq!(app.run(&grant_staff::FUNCTION, payload).await.unwrap_err().code(), "staff_grant_invalid");
    }
    let payload = json!({ "email": email, "name": "Grace Hopper", "roles": ["owner"] });
    assert!(app.run(&grant_staff::FUNCTION, payload).await.is_err(), "an unknown role");
    let unknown = app.run(&revoke_staff::FUNCTION, json!({ "email": email })).await.unwrap_err();
    assert_eq!(unknown.code(), "staff_unknown");
    app.configure(|config| config.staff_console_url = String::new());
    let payload = json!({ "email": email, "name": "Grace Hopper", "roles": ["admin"] });
    assert_eq!(app.run(&grant_staff::FUNCTION, payload).await.unwrap_err().code(), "staff_grant_invalid");
    assert_eq!(events(&app).await, [""; 0]);
}

/// What an operator gets is not in the run's record, nor anywhere in the tables.
#[tokio::test]
async fn a_links_token_is_stored_nowhere() {
    let app = TestApp::new();
    let token = token(&grant(&app, &email(&app), &["admin"]).await);
    let tables = app.tables().clone();
    for table in [tables.accounts, tables.proofs, tables.system, tables.outbox] {
        let items = serde_json::to_string(&app.cloud().items(&table).unwrap()).unwrap();
        assert!(!items.contains(&token), "{table}");
    }
}

#[tokio::test]
async fn the_ceremonies_of_users_and_staff_do_not_stand_for_each_other() {
    let app = TestApp::new();
    let user = Caller::new(&app).await;
    let token = token(&grant(&app, &email(&app), &["admin"]).await);
    let of_staff = start_enrolment(&app, &token).await.expect(200).body;
    let of_user = user.start().await;
    let mut authenticator = authenticator();
    let credential = authenticator.create(&of_user["options"]);
    assert_eq!(enrol(&app, &token, &of_user, credential).await.expect(422).code(), "ceremony_over");
    let credential = authenticator.create(&of_staff["options"]);
    assert_eq!(user.register(&of_staff, credential).await.expect(422).code(), "ceremony_over");
    let (of_staff, of_user) = (start(&app).await, passkey_owner::start(&app).await);
    let credential = authenticator.get(&of_user["options"]);
    assert_eq!(sign_in_as(&app, &of_user, credential).await.expect(422).code(), "ceremony_over");
    let credential = authenticator.get(&of_staff["options"]);
    assert_eq!(passkey_owner::sign_in_as(&app, &of_staff, credential).await.expect(422).code(), "ceremony_over");
}
