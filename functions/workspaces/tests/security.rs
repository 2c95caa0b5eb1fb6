//! Which members must use a second factor: who sets the rule, and who is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use shared::audit::AuditEntry;
use shared::function::{Declared, Level};
use shared::http::{Method, RouteDeclaration};
use shared::identity::Strength;
use shared::kernel::time::SignedDuration;
use shared::tenancy::{Page, Role};
use shared::testing::{Person, Request, Response, TestApp};
use workspaces::routes::{create_workspace, get_workspace, list_workspaces, update_security};
use workspaces::{jobs, routes};

const EVERYONE: &str = "everyone";
const ADMINS: &str = "admins";

/// The owner of a workspace that was created through its route.
async fn founder(app: &TestApp) -> Person {
    let mut founder = app.owner().await.unwrap();
    let founding = Request::to(&create_workspace::FUNCTION).by(&founder).json(json!({ "name": "Northwind" }));
    founder.workspace = app.call(founding).await.expect(201).body["id"].as_str().unwrap().parse().unwrap();
    founder
}

async fn ask(app: &TestApp, person: &Person, of: &str) -> Response {
    app.call(Request::to(&update_security::FUNCTION).by(person).json(json!({ "second_factor": of }))).await
}

/// Calls a route that any member may use.
async fn visit(app: &TestApp, person: &Person) -> Response {
    app.call(Request::to(&get_workspace::FUNCTION).by(person)).await
}

/// The rule of a person's workspace, as their list shows it.
async fn listed(app: &TestApp, person: &Person) -> Value {
    let listed = app.call(Request::to(&list_workspaces::FUNCTION).by(person)).await.expect(200).body;
    let own = listed["items"].as_array().unwrap().iter().find(|item| item["id"] == json!(person.workspace));
    own.unwrap_or_else(|| panic!("{listed}"))["second_factor"].clone()
}

/// The audit entries of the rule, oldest first: actor, target and new value.
async fn audited(app: &TestApp, person: &Person) -> Vec<(String, String, Value)> {
    let page = Page { limit: 10, cursor: None, newest_first: false };
    let entries = app.scope(person.workspace).audit_entries(&page).await.unwrap().items;
    let about = entries.into_iter().filter(|entry| entry.action == "workspace.security_updated");
    about
        .map(|AuditEntry { origin, target, .. }| {
            (origin.actor.to_string(), target.id, target.detail.unwrap_or_default())
        })
        .collect()
}

/// A request to every route of the domain that addresses a workspace.
fn requests(person: &Person) -> Vec<Request> {
    let mut requests = Vec::new();
    for function in routes::LISTED.iter().chain(jobs::LISTED).map(|listed| listed.function) {
        let Declared::Route(RouteDeclaration { level: Level::Workspace(_), route, .. }) = function.declared() else {
            continue;
        };
        let request = Request::to(function).by(person);
        let has_body = matches!(route.method, Method::Patch | Method::Post);
        requests.push(if has_body { request.json(json!({ "second_factor": ADMINS })) } else { request });
    }
    requests
}

#[tokio::test]
async fn the_second_factor_rule_can_be_set_to_everyone_and_back_to_admins() {
    let app = TestApp::new();
    let owner = founder(&app).await;
    let admin = app.join(owner.workspace, Role::Admin).await.unwrap();
    let mut others = Vec::new();
    for role in [Role::Member, Role::Reviewer] {
        let multi = app.join(owner.workspace, role).await.unwrap();
        others.push((app.with_strength(&multi, Strength::Single).await.unwrap(), multi));
    }
    for (single, _) in &others {
        assert_eq!(visit(&app, single).await.expect(200).body["second_factor"], ADMINS, "the rule of a new workspace");
    }

    let answer = ask(&app, &admin, EVERYONE).await.expect(200);
    let shown = json!({
        "second_factor": EVERYONE,
        "admin_recovery": "allowed",
        "invitee_domains": [],
        "longest_session_hours": null,
        "networks": [],
        "personal_tokens": "allowed",
        "override_access": "read_only",
    });
    assert_eq!(answer.body, shown);
    for (single, multi) in &others {
        assert_eq!(visit(&app, single).await.expect(403).code(), "second_factor_needed", "{:?}", single.role);
        assert_eq!(visit(&app, multi).await.expect(200).body["second_factor"], EVERYONE, "{:?}", multi.role);
    }

    // Entries of the same millisecond are not ordered.
    app.advance(SignedDuration::from_millis(1));
    ask(&app, &admin, ADMINS).await.expect(200);
    for (single, _) in &others {
        assert_eq!(visit(&app, single).await.expect(200).body["second_factor"], ADMINS, "{:?}", single.role);
    }
    let rules = |of: &str| {
        json!({
            "second_factor": of,
            "admin_recovery": "allowed",
            "personal_tokens": "allowed",
            "override_access": "read_only",
        })
    };
    let entry = |of: &str| (admin.user.to_string(), owner.workspace.to_string(), rules(of));
    assert_eq!(audited(&app, &owner).await, [entry(EVERYONE), entry(ADMINS)]);
}

#[tokio::test]
async fn the_rule_of_one_workspace_does_not_affect_another() {
    let app = TestApp::new();
    let (owner, elsewhere) = (founder(&app).await, founder(&app).await);
    ask(&app, &owner, EVERYONE).await.expect(200);
    let member = app.join(elsewhere.workspace, Role::Member).await.unwrap();
    visit(&app, &app.with_strength(&member, Strength::Single).await.unwrap()).await.expect(200);

    let mut abroad = owner.clone();
    abroad.workspace = elsewhere.workspace;
    assert_eq!(ask(&app, &abroad, EVERYONE).await.expect(404).code(), "not_found");
    assert_eq!(visit(&app, &elsewhere).await.expect(200).body["second_factor"], ADMINS);
}

#[tokio::test]
async fn owners_and_admins_need_a_second_factor_for_every_route() {
    let app = TestApp::new();
    let owner = founder(&app).await;
    let admin = app.join(owner.workspace, Role::Admin).await.unwrap();
    for person in [&owner, &admin] {
        let single = app.with_strength(person, Strength::Single).await.unwrap();
        let requests = requests(&single);
        assert!(requests.len() > 1, "{}", requests.len());
        for request in requests {
            let refused = app.call(request).await;
            // For a user with a second factor, a fresh factor means that one.
            let is_fresh_one = refused.status == 401 && refused.code() == "fresh_factor_needed";
            let is_refused = refused.status == 403 && refused.code() == "second_factor_needed";
            assert!(is_fresh_one || is_refused, "{:?}: {}", person.role, refused.text);
        }
        // They are refused, but still see the rule that they must satisfy.
        assert_eq!(listed(&app, &single).await, ADMINS);
    }
    assert_eq!(audited(&app, &owner).await, []);
}

#[tokio::test]
async fn the_rule_is_shown_to_members_that_it_refuses() {
    let app = TestApp::new();
    let owner = founder(&app).await;
    let member = app.join(owner.workspace, Role::Member).await.unwrap();
    let single = app.with_strength(&member, Strength::Single).await.unwrap();
    ask(&app, &owner, EVERYONE).await.expect(200);
    visit(&app, &single).await.expect(403);
    assert_eq!(listed(&app, &single).await, EVERYONE);
}

#[tokio::test]
async fn changing_the_rule_requires_a_fresh_factor() {
    let app = TestApp::new();
    let owner = founder(&app).await;
    app.advance(SignedDuration::from_mins(10));
    let refused = ask(&app, &owner, EVERYONE).await.expect(401);
    assert_eq!(refused.code(), "fresh_factor_needed");
    assert_eq!(
        refused.header("www-authenticate"),
        "Bearer error=\"insufficient_user_authentication\", max_age=\"600\"",
        "RFC 9470, section 3"
    );
    assert_eq!(visit(&app, &owner).await.expect(200).body["second_factor"], ADMINS);
    assert_eq!(audited(&app, &owner).await, []);

    let stepped_up = app.with_strength(&owner, Strength::Multi).await.unwrap();
    ask(&app, &stepped_up, EVERYONE).await.expect(200);
}

#[tokio::test]
async fn changing_the_rule_requires_an_admin_and_a_known_value() {
    let app = TestApp::new();
    let owner = founder(&app).await;
    for role in [Role::Member, Role::Reviewer] {
        let person = app.join(owner.workspace, role).await.unwrap();
        assert_eq!(ask(&app, &person, EVERYONE).await.expect(403).code(), "permission_missing", "{role:?}");
    }
    for unknown in ["no one", "", "Everyone"] {
        assert_eq!(ask(&app, &owner, unknown).await.expect(422).fields(), ["second_factor"], "{unknown}");
    }
    assert_eq!(visit(&app, &owner).await.expect(200).body["second_factor"], ADMINS);
    assert_eq!(audited(&app, &owner).await, []);
}
