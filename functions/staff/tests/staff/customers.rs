//! What the staff sees of users and workspaces, and what it does to them.

use serde_json::{Value, json};
use shared::identity::{AccountChanges, AccountKey, EpochTurn};
use shared::kernel::ids::{UserId, WorkspaceId};
use shared::kernel::time::SignedDuration;
use shared::tenancy::Role;
use shared::testing::{Request, TestApp};
use staff::routes::{end_user_sessions, find_user, look_up_user, look_up_workspace};
use test_support::passkey_owner::Caller;
use test_support::people::{self, get_me, login};
use test_support::staff_member::{call, post_as, signed_in};

async fn looks(app: &TestApp) -> Vec<String> {
    let events = app.events_since(app.now() - SignedDuration::from_mins(1)).await.unwrap();
    events.into_iter().filter(|event| event.name == "staff_looked_up").map(|event| event.subject).collect()
}

#[tokio::test]
async fn a_user_is_found_by_address_and_id_without_content_and_the_look_is_recorded_once() {
    let app = TestApp::new();
    let (email, user) = people::user(&app).await;
    login(&app, &email, people::PASSWORD).await.expect(200);
    login(&app, &email, "a wrong password of some length").await.expect(401);
    let workspace = app.owner().await.unwrap().workspace;
    app.add_member(workspace, user, Role::Reviewer).await.unwrap();
    let staff = signed_in(&app, &["billing"]).await;
    let found = post_as(&app, &staff, &find_user::FUNCTION, json!({ "email": email })).await.expect(200).body;
    let request = Request::to(&look_up_user::FUNCTION).path("user_id", user);
    assert_eq!(call(&app, &staff, request).await.expect(200).body, found);
    assert_eq!((&found["id"], &found["email"]), (&json!(user), &json!(email)));
    assert_eq!((&found["sessions"], &found["failed_sign_ins"]), (&json!(1), &json!(1)));
    assert_eq!(found["second_factors"], json!([]));
    let membership = json!({ "workspace_id": workspace, "name": "Test", "role": "reviewer", "plan": "studio" });
    assert_eq!(found["memberships"], json!([membership]));
    assert_eq!(looks(&app).await, [user.to_string()]);
}

#[tokio::test]
async fn an_unknown_address_user_or_workspace_is_404() {
    let app = TestApp::new();
    let staff = signed_in(&app, &["support"]).await;
    post_as(&app, &staff, &find_user::FUNCTION, json!({ "email": "unknown@example.com" })).await.expect(404);
    assert_eq!(looks(&app).await, [AccountKey::email_digest("unknown@example.com")], "that, too, tells something");
    let user: UserId = app.new_id();
    call(&app, &staff, Request::to(&look_up_user::FUNCTION).path("user_id", user)).await.expect(404);
    let workspace: WorkspaceId = app.new_id();
    let request = Request::to(&look_up_workspace::FUNCTION).path("workspace_id", workspace);
    call(&app, &staff, request).await.expect(404);
    let request = Request::to(&end_user_sessions::FUNCTION).path("user_id", user).json(json!({ "reason": "x" }));
    call(&app, &staff, request).await.expect(404);
}

#[tokio::test]
async fn a_workspace_shows_its_plan_state_and_members() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let member = app.join(owner.workspace, Role::Member).await.unwrap();
    let staff = signed_in(&app, &["support"]).await;
    let request = Request::to(&look_up_workspace::FUNCTION).path("workspace_id", owner.workspace);
    let shown = call(&app, &staff, request).await.expect(200).body;
    assert_eq!((&shown["name"], &shown["plan"]), (&json!("Test"), &json!("studio")));
    assert_eq!((&shown["suspended"], &shown["trashed_at"]), (&json!(false), &Value::Null));
    let mut members =
        vec![json!({ "user_id": owner.user, "role": "owner" }), json!({ "user_id": member.user, "role": "member" })];
    members.sort_by_key(|member| member["user_id"].as_str().unwrap().to_owned());
    assert_eq!(shown["members"], json!(members));
    assert_eq!(looks(&app).await, [owner.workspace.to_string()]);
}

#[tokio::test]
async fn ended_sessions_are_refused_the_user_is_emailed_and_the_reason_is_kept() {
    let app = TestApp::new();
    let user = Caller::new(&app).await;
    let staff = signed_in(&app, &["support"]).await;
    let request = Request::to(&end_user_sessions::FUNCTION).path("user_id", user.user);
    let billing = signed_in(&app, &["billing"]).await;
    let body = json!({ "reason": "Reported a stolen laptop" });
    assert_eq!(call(&app, &billing, request.clone().json(body.clone())).await.expect(403).code(), "permission_missing");
    get_me(&app, &json!(user.token)).await.expect(200);
    let without = call(&app, &staff, request.clone().json(json!({}))).await.expect(422);
    assert_eq!(without.fields(), ["reason"]);
    assert_eq!(
        call(&app, &staff, request.clone().json(json!({ "reason": " " }))).await.expect(422).fields(),
        ["reason"]
    );
    call(&app, &staff, request.json(body)).await.expect(204);
    get_me(&app, &json!(user.token)).await.expect(401);
    let events = app.events_since(app.now() - SignedDuration::from_mins(1)).await.unwrap();
    let ended = events.iter().find(|event| event.name == "staff_ended_sessions").unwrap();
    assert_eq!(ended.subject, user.user.to_string());
    assert_eq!(ended.detail, json!({ "reason": "Reported a stolen laptop" }));
    assert!(ended.origin.actor.to_string().starts_with("staff:staff_"));
    let letters = app.outbox::<mail::SendEmail>(&format!("U#{}", user.user)).await.unwrap();
    assert!(letters.iter().any(|posted| posted.envelope.payload.to_string().contains(staff::letters::SESSIONS_ENDED)));
}

#[tokio::test]
async fn sessions_that_are_ended_concurrently_are_409_and_no_reason_is_lost() {
    let app = TestApp::new();
    let user = Caller::new(&app).await;
    let staff = signed_in(&app, &["support"]).await;
    let request = Request::to(&end_user_sessions::FUNCTION).path("user_id", user.user).bearer(&staff);
    let ended = async {
        let accounts = app.accounts();
        let epoch = accounts.epoch(user.user).await.unwrap();
        let turn = EpochTurn::default().and_revoking_sessions();
        accounts.commit(AccountChanges::default().turn(user.user, epoch, turn)).await.unwrap();
    };
    let (answer, _) = app.call_while(request.json(json!({ "reason": "Reported a stolen laptop" })), ended).await;
    assert_eq!(answer.expect(409).code(), "modified_concurrently");
}
