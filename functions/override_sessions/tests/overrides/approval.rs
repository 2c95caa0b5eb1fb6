//! Where the plan says so, an owner approves each session.

use mail::SendEmail;
use override_sessions::letters;
use override_sessions::routes::{approve_override_session, end_override_session, list_override_sessions};
use serde_json::json;
use shared::identity::Strength;
use shared::kernel::time::{SignedDuration, sortable};
use shared::tenancy::Role;
use shared::testing::{Person, Request, Response, TestApp};
use test_support::overrides::{Opened, entries, opened, set_plan};

use crate::visits::{UNKNOWN, founded, read, refusal};

async fn enterprise(app: &TestApp) -> Person {
    let owner = founded(app).await;
    set_plan(app, owner.workspace, "enterprise").await;
    owner
}

async fn approve(app: &TestApp, by: &Person, session: &Opened) -> Response {
    let request = Request::to(&approve_override_session::FUNCTION).path("override_session_id", &session.id);
    app.call(request.by(by)).await
}

#[tokio::test]
async fn a_session_is_refused_by_name_until_an_owner_approves_it_and_lasts_from_then() {
    let app = TestApp::new();
    let owner = enterprise(&app).await;
    app.empty_outbox().await.unwrap();
    let session = opened(&app, owner.workspace, "read_only").await;
    assert_eq!(refusal(&read(&app, &session, owner.workspace).await), (403, "override_pending"));
    let letters = app.outbox::<SendEmail>(&owner.outbox()).await.unwrap();
    let [letter] = letters.as_slice() else { panic!("one letter") };
    assert!(letter.envelope.payload.to_string().contains(letters::OVERRIDE_SESSION_REQUESTED));
    let listed = app.call(Request::to(&list_override_sessions::FUNCTION).by(&owner)).await.expect(200).body;
    assert_eq!(listed["items"][0]["state"], json!("pending"));

    app.advance(SignedDuration::from_hours(23));
    let owner = app.with_strength(&owner, Strength::Multi).await.unwrap();
    let admin = app.join(owner.workspace, Role::Admin).await.unwrap();
    assert_eq!(refusal(&approve(&app, &admin, &session).await), (403, "permission_missing"));
    let approved = approve(&app, &owner, &session).await.expect(200).body;
    assert_eq!((&approved["state"], &approved["approved_by"]), (&json!("open"), &json!(owner.user)));
    assert_eq!(approved["expires_at"], json!(sortable(app.now() + SignedDuration::from_mins(60))));
    app.advance(SignedDuration::from_mins(5));
    assert_eq!(approve(&app, &owner, &session).await.expect(200).body, approved, "it extends nothing");
    app.advance(SignedDuration::from_mins(54));
    read(&app, &session, owner.workspace).await.expect(200);
    app.advance(SignedDuration::from_mins(1));
    assert_eq!(refusal(&read(&app, &session, owner.workspace).await), UNKNOWN);
    let logged = entries(&app, owner.workspace, &session.id).await;
    let names: Vec<_> = logged.iter().map(|entry| entry.action.as_str()).collect();
    let expected = ["override_session.requested", "override_session.approved", "override_session.used"];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn an_approval_needs_a_fresh_factor() {
    let app = TestApp::new();
    let owner = enterprise(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    app.advance(SignedDuration::from_mins(11));
    assert_eq!(refusal(&approve(&app, &owner, &session).await), (401, "fresh_factor_needed"));
}

#[tokio::test]
async fn an_unapproved_session_expires_after_a_day_and_an_owner_can_refuse_it() {
    let app = TestApp::new();
    let owner = enterprise(&app).await;
    let (expiring, refused) =
        (opened(&app, owner.workspace, "read_only").await, opened(&app, owner.workspace, "read_only").await);
    let end = Request::to(&end_override_session::FUNCTION).path("override_session_id", &refused.id);
    app.call(end.by(&owner)).await.expect(204);
    assert_eq!(refusal(&approve(&app, &owner, &refused).await), (404, "not_found"));
    assert_eq!(refusal(&read(&app, &refused, owner.workspace).await), UNKNOWN);
    app.advance(SignedDuration::from_hours(24));
    let owner = app.with_strength(&owner, Strength::Multi).await.unwrap();
    assert_eq!(refusal(&approve(&app, &owner, &expiring).await), (404, "not_found"));
    assert_eq!(refusal(&read(&app, &expiring, owner.workspace).await), UNKNOWN);
}

#[tokio::test]
async fn a_plan_without_approvals_has_none() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    assert_eq!(refusal(&approve(&app, &owner, &session).await), (402, "plan_lacks_entitlement"));
    read(&app, &session, owner.workspace).await.expect(200);
}
