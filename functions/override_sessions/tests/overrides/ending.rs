//! How a session ends: each at the next request.

use override_sessions::routes::{
    close_override_session, end_override_session, list_override_sessions, list_staff_override_sessions,
    list_workspace_override_sessions,
};
use serde_json::{Value, json};
use shared::aws::wire::Fault;
use shared::identity::Strength;
use shared::kernel::time::{SignedDuration, sortable};
use shared::tenancy::Role;
use shared::testing::{Request, Response, TestApp};
use test_support::overrides::{Opened, allow, entries, open, opened, terms};
use test_support::staff_member::{call, enrolled, grant, revoke, sign_in, signed_in};
use workspaces::routes::{delete_workspace, restore_workspace, update_settings};

use crate::visits::{UNKNOWN, founded, read, refusal, to, write};

fn ids(listed: &Value) -> Vec<&str> {
    listed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_session_ends_after_its_minutes_whatever_is_done_in_it() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    for _ in 0..5 {
        app.advance(SignedDuration::from_mins(11));
        read(&app, &session, owner.workspace).await.expect(200);
    }
    app.advance(SignedDuration::from_secs(299));
    read(&app, &session, owner.workspace).await.expect(200);
    app.advance(SignedDuration::from_secs(2));
    assert_eq!(refusal(&read(&app, &session, owner.workspace).await), UNKNOWN);
    let session = opened(&app, owner.workspace, "read_only").await;
    app.advance(SignedDuration::from_mins(61));
    assert_eq!(refusal(&read(&app, &session, owner.workspace).await), UNKNOWN, "after 61 minutes");
}

/// The table's own expiry would do, if it is right.
#[tokio::test]
async fn a_session_ends_although_its_item_does_not_expire() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    let proofs = &app.tables().proofs;
    let partition = format!("O#{}", owner.workspace);
    let items = app.cloud().items(proofs).unwrap();
    let mut item = items.into_iter().find(|item| item["pk"]["S"] == json!(partition)).unwrap();
    item.as_object_mut().unwrap().remove("ttl").unwrap();
    let body = json!({ "TableName": proofs, "Item": item });
    app.cloud().call("DynamoDB_20120810.PutItem", &body).unwrap();
    app.advance(SignedDuration::from_mins(59));
    read(&app, &session, owner.workspace).await.expect(200);
    app.advance(SignedDuration::from_mins(2));
    assert_eq!(refusal(&read(&app, &session, owner.workspace).await), UNKNOWN);
    let owner = app.with_strength(&owner, Strength::Multi).await.unwrap();
    let list = Request::to(&list_override_sessions::FUNCTION).by(&owner);
    let listed = app.call(list).await.expect(200).body;
    assert_eq!((ids(&listed), &listed["items"][0]["state"]), (vec![session.id.as_str()], &json!("expired")));
}

#[tokio::test]
async fn the_staff_ends_a_session_of_its_own_or_of_another_member() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let (first, second) = (opened(&app, owner.workspace, "read_only").await, signed_in(&app, &["security"]).await);
    let other = opened(&app, owner.workspace, "read_only").await;
    let close = |of: &Opened| {
        Request::to(&close_override_session::FUNCTION)
            .path("workspace_id", owner.workspace)
            .path("override_session_id", &of.id)
    };
    call(&app, &second, close(&first)).await.expect(204);
    assert_eq!(refusal(&read(&app, &first, owner.workspace).await), UNKNOWN);
    assert_eq!(refusal(&call(&app, &second, close(&first)).await), (404, "not_found"));
    read(&app, &other, owner.workspace).await.expect(200);
    let listing = Request::to(&list_workspace_override_sessions::FUNCTION).path("workspace_id", owner.workspace);
    assert_eq!(ids(&call(&app, &second, listing).await.expect(200).body), [&other.id]);
    let ended = entries(&app, owner.workspace, &first.id).await;
    assert_eq!(ended.last().unwrap().action, "override_session.ended");
}

#[tokio::test]
async fn an_owner_lists_the_sessions_and_ends_one_and_no_other_member_does() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let (first, other) =
        (opened(&app, owner.workspace, "read_only").await, opened(&app, owner.workspace, "read_only").await);
    let list = Request::to(&list_override_sessions::FUNCTION);
    let listed = app.call(list.clone().by(&owner)).await.expect(200).body;
    assert_eq!(ids(&listed), [&other.id, &first.id]);
    assert_eq!(
        (&listed["items"][0]["reason"], &listed["items"][0]["staff_name"]),
        (&json!("Cannot see a post"), &json!("Grace Hopper"))
    );
    let admin = app.join(owner.workspace, Role::Admin).await.unwrap();
    let end = Request::to(&end_override_session::FUNCTION).path("override_session_id", &first.id);
    for request in [list.clone(), end.clone()] {
        assert_eq!(refusal(&app.call(request.by(&admin)).await), (403, "permission_missing"));
    }
    app.call(end.by(&owner)).await.expect(204);
    assert_eq!(refusal(&read(&app, &first, owner.workspace).await), UNKNOWN);
    read(&app, &other, owner.workspace).await.expect(200);
    let listed = app.call(list.clone().by(&owner)).await.expect(200).body;
    let states = |listed: &Value| [0, 1].map(|at| listed["items"][at]["state"].as_str().unwrap().to_owned());
    assert_eq!(
        (ids(&listed), states(&listed)),
        (vec![other.id.as_str(), &first.id], ["open", "ended"].map(str::to_owned))
    );
    assert_eq!(listed["items"][1]["ended_at"], json!(sortable(app.now())));
    // The other one expired, and no job recorded it.
    for (days, expected) in [(29, vec![first.id.as_str()]), (1, vec![])] {
        app.advance(SignedDuration::from_hours(days * 24));
        let owner = app.with_strength(&owner, Strength::Multi).await.unwrap();
        assert_eq!(ids(&app.call(list.clone().by(&owner)).await.expect(200).body), expected);
    }
}

#[tokio::test]
async fn the_sessions_of_a_member_of_the_staff_are_listed_without_ended_ones() {
    let app = TestApp::new();
    let (one, other) = (founded(&app).await, founded(&app).await);
    let mut member = enrolled(&app, &["support"]).await;
    let tokens = sign_in(&app, &mut member.authenticator).await.expect(200).body;
    let staff = tokens["access_token"].as_str().unwrap();
    let list =
        Request::to(&list_staff_override_sessions::FUNCTION).path("staff_id", tokens["staff_id"].as_str().unwrap());
    assert_eq!(ids(&call(&app, staff, list.clone()).await.expect(200).body), [""; 0]);
    let first = open(&app, staff, one.workspace, terms("read_only")).await.expect(201).body;
    let second = open(&app, staff, other.workspace, terms("read_only")).await.expect(201).body;
    let id = |made: &Value| made["session"]["id"].as_str().unwrap().to_owned();
    assert_eq!(ids(&call(&app, staff, list.clone()).await.expect(200).body), [&id(&second), &id(&first)]);
    let end = Request::to(&end_override_session::FUNCTION).path("override_session_id", id(&second));
    app.call(end.by(&other)).await.expect(204);
    assert_eq!(ids(&call(&app, staff, list).await.expect(200).body), [&id(&first)]);
}

#[tokio::test]
async fn a_revoked_member_of_the_staff_and_one_without_the_permission_are_refused() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let mut member = enrolled(&app, &["support"]).await;
    let tokens = sign_in(&app, &mut member.authenticator).await.expect(200).body;
    let staff = tokens["access_token"].as_str().unwrap().to_owned();
    let made = open(&app, &staff, owner.workspace, terms("read_only")).await.expect(201).body;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let session = Opened { id: text(&made["session"]["id"]), token: text(&made["token"]), staff };
    read(&app, &session, owner.workspace).await.expect(200);
    grant(&app, &member.email, &["billing"]).await;
    assert_eq!(refusal(&read(&app, &session, owner.workspace).await), UNKNOWN);
    grant(&app, &member.email, &["support"]).await;
    read(&app, &session, owner.workspace).await.expect(200);
    revoke(&app, &member.email).await;
    assert_eq!(refusal(&read(&app, &session, owner.workspace).await), UNKNOWN);
    // Another grant brings no session back.
    grant(&app, &member.email, &["support"]).await;
    assert_eq!(refusal(&read(&app, &session, owner.workspace).await), UNKNOWN);
}

#[tokio::test]
async fn an_owner_who_allows_less_ends_the_changes_of_open_sessions() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    allow(&app, &owner, "full").await.expect(200);
    let session = opened(&app, owner.workspace, "full").await;
    write(&app, &session, owner.workspace).await.expect(200);
    allow(&app, &owner, "read_only").await.expect(200);
    assert_eq!(refusal(&write(&app, &session, owner.workspace).await), (403, "override_read_only"));
    read(&app, &session, owner.workspace).await.expect(200);
}

#[tokio::test]
async fn a_workspace_in_the_trash_refuses_its_sessions() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    app.call(Request::to(&delete_workspace::FUNCTION).by(&owner)).await.expect(200);
    assert_eq!(refusal(&read(&app, &session, owner.workspace).await), (403, "workspace_trashed"));
    app.call(Request::to(&restore_workspace::FUNCTION).by(&owner)).await.expect(204);
    read(&app, &session, owner.workspace).await.expect(200);
}

/// A change that was admitted just before commits nothing.
#[tokio::test]
async fn a_change_is_refused_if_the_session_or_its_member_ends_before_it_commits() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    allow(&app, &owner, "full").await.expect(200);
    let mut member = enrolled(&app, &["support"]).await;
    let tokens = sign_in(&app, &mut member.authenticator).await.expect(200).body;
    let staff = tokens["access_token"].as_str().unwrap().to_owned();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let made = open(&app, &staff, owner.workspace, terms("full")).await.expect(201).body;
        sessions.push(Opened { id: text(&made["session"]["id"]), token: text(&made["token"]), staff: staff.clone() });
    }
    let change = |of: &Opened| to(&update_settings::FUNCTION, of, owner.workspace).json(json!({ "locale": "fr" }));
    let end = Request::to(&end_override_session::FUNCTION).path("override_session_id", &sessions[0].id).by(&owner);
    let ended = async { drop(app.call(end).await.expect(204)) };
    assert_eq!(refusal(&at_its_second_commit(&app, change(&sessions[0]), ended).await), UNKNOWN);
    let revoked = revoke(&app, &member.email);
    assert_eq!(refusal(&at_its_second_commit(&app, change(&sessions[1]), revoked).await), UNKNOWN);
    for session in &sessions {
        let logged = entries(&app, owner.workspace, &session.id).await;
        assert!(logged.iter().all(|entry| entry.action != "workspace.settings_updated"), "{logged:?}");
    }
}

/// Runs `during` just before the change is committed. The first commit is that of the entry of the audit log.
async fn at_its_second_commit(app: &TestApp, request: Request, during: impl Future<Output = ()>) -> Response {
    let wire = app.wire(request.function());
    let mut call = std::pin::pin!(app.call(request));
    for commit in [1, 2] {
        wire.arm(Fault::Hold("DynamoDB.TransactWriteItems"));
        if commit == 2 {
            wire.release();
        }
        tokio::select! {
            biased;
            answer = &mut call => panic!("commit {commit} was not reached: {}", answer.text),
            () = wire.held.notified() => {}
        }
    }
    during.await;
    wire.release();
    call.await
}
