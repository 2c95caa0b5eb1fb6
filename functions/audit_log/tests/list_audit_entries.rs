//! The audit log as members read it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use audit_log::routes::list_audit_entries::FUNCTION;
use serde_json::{Value, json};
use shared::audit::AuditAction;
use shared::kernel::time::SignedDuration;
use shared::tenancy::{Changes, Role};
use shared::testing::{Person, Request, TestApp};

static ACTIONS: [AuditAction; 5] = [
    AuditAction::named("post.created"),
    AuditAction::named("post.updated"),
    AuditAction::named("post.scheduled"),
    AuditAction::named("post.unscheduled"),
    AuditAction::named("post.deleted"),
];

/// A workspace with five entries, a second apart.
async fn workspace(app: &TestApp) -> Person {
    let owner = app.owner().await.unwrap();
    let scope = app.scope(owner.workspace);
    for action in &ACTIONS {
        app.advance(SignedDuration::from_secs(1));
        let changes = Changes::default().audit(action, owner.user).detail(json!({ "why": "test" }));
        scope.commit(changes).await.unwrap();
    }
    owner
}

fn actions(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn entries_are_listed_newest_first_across_pages() {
    let app = TestApp::new();
    let owner = workspace(&app).await;
    let list = || Request::to(&FUNCTION).by(&owner);
    let whole = app.call(list()).await.expect(200).body;
    assert_eq!(actions(&whole), ["post.deleted", "post.unscheduled", "post.scheduled", "post.updated", "post.created"]);
    assert_eq!(whole["next_cursor"], Value::Null);
    let newest = &whole["items"][0];
    assert_eq!(newest["target"], json!({ "kind": "user", "id": owner.user.to_string(), "detail": { "why": "test" } }));
    assert_eq!(
        (&newest["actor"], &newest["at"]),
        (&json!({ "kind": "job", "name": "test" }), &json!(shared::kernel::time::sortable(app.now())))
    );

    let (mut seen, mut cursor) = (Vec::new(), None);
    for _ in 0..4 {
        let request = list().query("limit", 2);
        let request = cursor.iter().fold(request, |request, cursor: &String| request.query("cursor", cursor));
        let page = app.call(request).await.expect(200).body;
        seen.extend(actions(&page).into_iter().map(str::to_owned));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, actions(&whole));
}

#[tokio::test]
async fn a_cursor_of_another_user_or_workspace_is_refused() {
    let app = TestApp::new();
    let (owner, other) = (workspace(&app).await, workspace(&app).await);
    let admin = app.join(owner.workspace, Role::Admin).await.unwrap();
    let page = app.call(Request::to(&FUNCTION).by(&owner).query("limit", 1)).await.expect(200).body;
    let cursor = page["next_cursor"].as_str().unwrap();
    for person in [&other, &admin] {
        let refused = app.call(Request::to(&FUNCTION).by(person).query("cursor", cursor)).await.expect(422);
        assert_eq!(refused.fields(), ["cursor"]);
    }
    app.call(Request::to(&FUNCTION).by(&owner).query("cursor", cursor)).await.expect(200);
}

#[tokio::test]
async fn a_refused_reader_gets_the_reason() {
    let app = TestApp::new();
    let owner = workspace(&app).await;
    let member = app.join(owner.workspace, Role::Member).await.unwrap();
    assert_eq!(app.call(Request::to(&FUNCTION).by(&member)).await.expect(403).code(), "permission_missing");
    let admin = app.join(owner.workspace, Role::Admin).await.unwrap();
    app.call(Request::to(&FUNCTION).by(&admin)).await.expect(200);
    let free = app.founder_on("free").await.unwrap();
    assert_eq!(app.call(Request::to(&FUNCTION).by(&free)).await.expect(402).code(), "plan_lacks_entitlement");
    let stranger = app.owner().await.unwrap();
    let request = Request::to(&FUNCTION).bearer(&stranger.token).path("workspace_id", owner.workspace);
    app.call(request).await.expect(404);
}

#[tokio::test]
async fn a_page_size_outside_one_to_a_hundred_is_refused() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    for limit in ["0", "101", "-1", "many"] {
        let refused = app.call(Request::to(&FUNCTION).by(&owner).query("limit", limit)).await.expect(422);
        assert_eq!(refused.fields(), ["limit"]);
    }
}
