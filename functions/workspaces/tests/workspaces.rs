//! Creating, listing and reading workspaces.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use shared::tenancy::Role;
use shared::testing::{Person, Request, Response, TestApp};
use workspaces::routes::{create_workspace, get_workspace, list_workspaces};

fn founding(person: &Person, name: &str) -> Request {
    Request::to(&create_workspace::FUNCTION).by(person).json(json!({ "name": name }))
}

async fn get(app: &TestApp, person: &Person, workspace: &Value) -> Response {
    let request = Request::to(&get_workspace::FUNCTION).bearer(&person.token);
    app.call(request.path("workspace_id", workspace.as_str().unwrap())).await
}

/// A person's list, without the workspace that they were created with.
async fn list(app: &TestApp, person: &Person) -> Vec<Value> {
    let listed = app.call(Request::to(&list_workspaces::FUNCTION).by(person)).await.expect(200).body;
    assert!(listed.get("next_cursor").is_none(), "the list has one page: {listed}");
    let (own, others): (Vec<_>, Vec<_>) =
        listed["items"].as_array().unwrap().iter().cloned().partition(|item| item["id"] == json!(person.workspace));
    assert_eq!(own.len(), 1, "{listed}");
    others
}

#[tokio::test]
async fn the_creator_of_a_workspace_is_its_owner() {
    let app = TestApp::new();
    let founder = app.owner().await.unwrap();
    let made = app.call(founding(&founder, " Northwind  Studio ")).await.expect(201).body;
    assert_eq!(
        (&made["name"], &made["role"], &made["plan"]),
        (&json!("Northwind  Studio"), &json!("owner"), &json!("studio"))
    );
    assert_eq!(get(&app, &founder, &made["id"]).await.expect(200).body, made);
    assert_eq!(list(&app, &founder).await, std::slice::from_ref(&made));

    let reviewer = app.join(made["id"].as_str().unwrap().parse().unwrap(), Role::Reviewer).await.unwrap();
    assert_eq!(get(&app, &reviewer, &made["id"]).await.expect(200).body["role"], "reviewer");
}

#[tokio::test]
async fn another_users_workspace_answers_like_a_missing_one() {
    let app = TestApp::new();
    let (founder, stranger) = (app.owner().await.unwrap(), app.owner().await.unwrap());
    let made = app.call(founding(&founder, "Northwind")).await.expect(201).body;
    let foreign = get(&app, &stranger, &made["id"]).await.expect(404);
    let unknown = get(&app, &stranger, &json!(format!("ws_{:032x}", 7))).await.expect(404);
    assert_eq!((foreign.code(), &foreign.body["detail"]), (unknown.code(), &unknown.body["detail"]));
    assert_eq!(list(&app, &stranger).await, Vec::<Value>::new());
}

#[tokio::test]
async fn creating_a_workspace_is_audited() {
    let app = TestApp::new();
    let founder = app.owner().await.unwrap();
    let made = app.call(founding(&founder, "Northwind")).await.expect(201).body;
    let scope = app.scope(made["id"].as_str().unwrap().parse().unwrap());
    let page = shared::tenancy::Page { limit: 10, cursor: None, newest_first: true };
    let entries = scope.audit_entries(&page).await.unwrap().items;
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].action.as_str(), entries[0].origin.actor.to_string()),
        ("workspace.created", founder.user.to_string())
    );
}

#[tokio::test]
async fn a_repeated_idempotency_key_creates_one_workspace() {
    let app = TestApp::new();
    let founder = app.owner().await.unwrap();
    let keyed = |name: &str| founding(&founder, name).header("idempotency-key", "once-and-for-all");
    let first = app.call(keyed("Northwind")).await.expect(201).body;
    assert_eq!(app.call(keyed("Northwind")).await.expect(201).body, first);
    assert_eq!(list(&app, &founder).await.len(), 1);
    assert_eq!(app.call(keyed("Southwind")).await.expect(422).code(), "idempotency_key_reused");
}

#[tokio::test]
async fn creating_a_workspace_beyond_the_limit_is_refused() {
    let app = TestApp::new();
    let founder = app.owner().await.unwrap();
    // The workspace that they were created with is the first.
    for number in 1..20 {
        app.call(founding(&founder, &format!("Workspace {number}"))).await.expect(201);
    }
    assert_eq!(app.call(founding(&founder, "One too many")).await.expect(409).code(), "too_many_workspaces");
    assert_eq!(list(&app, &founder).await.len(), 19);
}

#[tokio::test]
async fn an_invalid_name_is_refused_with_its_field() {
    let app = TestApp::new();
    let founder = app.owner().await.unwrap();
    for name in
        [json!(""), json!("x".repeat(81)), json!("two\nlines"), json!("\u{115F}"), json!("a\u{202E}b"), json!(null)]
    {
        let body = json!({ "name": name });
        let refused = app.call(Request::to(&create_workspace::FUNCTION).by(&founder).json(body)).await.expect(422);
        assert_eq!(refused.fields(), ["name"], "{}", refused.text);
    }
}
