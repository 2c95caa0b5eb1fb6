//! Founding, listing and reading workspaces.
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

/// What a person's list shows beside the workspace that they came with.
async fn list(app: &TestApp, person: &Person) -> Vec<Value> {
    let listed = app.call(Request::to(&list_workspaces::FUNCTION).by(person)).await.expect(200).body;
    assert!(listed.get("next_cursor").is_none(), "the list is whole: {listed}");
    let (own, others): (Vec<_>, Vec<_>) =
        listed["items"].as_array().unwrap().iter().cloned().partition(|item| item["id"] == json!(person.workspace));
    assert_eq!(own.len(), 1, "{listed}");
    others
}

#[tokio::test]
async fn a_founder_owns_the_workspace() {
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
    for function in [&create_workspace::FUNCTION, &get_workspace::FUNCTION, &list_workspaces::FUNCTION] {
        assert_eq!(app.wire(function).refused(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_stranger_sees_nothing() {
    let app = TestApp::new();
    let (founder, stranger) = (app.owner().await.unwrap(), app.owner().await.unwrap());
    let made = app.call(founding(&founder, "Northwind")).await.expect(201).body;
    let foreign = get(&app, &stranger, &made["id"]).await.expect(404);
    let unknown = get(&app, &stranger, &json!(format!("ws_{:032x}", 7))).await.expect(404);
    assert_eq!((foreign.code(), &foreign.body["detail"]), (unknown.code(), &unknown.body["detail"]));
    assert_eq!(list(&app, &stranger).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_founding_is_audited() {
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
async fn a_founding_that_is_repeated_under_its_key_is_one() {
    let app = TestApp::new();
    let founder = app.owner().await.unwrap();
    let keyed = |name: &str| founding(&founder, name).header("idempotency-key", "once-and-for-all");
    let first = app.call(keyed("Northwind")).await.expect(201).body;
    assert_eq!(app.call(keyed("Northwind")).await.expect(201).body, first);
    assert_eq!(list(&app, &founder).await.len(), 1);
    assert_eq!(app.call(keyed("Southwind")).await.expect(422).code(), "idempotency_key_reused");
}

#[tokio::test]
async fn a_user_has_so_many_workspaces_and_no_more() {
    let app = TestApp::new();
    let founder = app.owner().await.unwrap();
    // The one that they came with is the first.
    for number in 1..20 {
        app.call(founding(&founder, &format!("Workspace {number}"))).await.expect(201);
    }
    assert_eq!(app.call(founding(&founder, "One too many")).await.expect(409).code(), "too_many_workspaces");
    assert_eq!(list(&app, &founder).await.len(), 19);
}

#[tokio::test]
async fn a_name_that_breaks_the_rule_is_named() {
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
