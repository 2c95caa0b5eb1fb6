//! What a session admits, and what the workspace's audit log has of it.

use accounts::PersonName;
use accounts::user::User;
use audit_log::routes::list_audit_entries;
use mail::EmailAddress;
use serde_json::{Value, json};
use shared::audit::{Actor, AuditEntry};
use shared::config::Planes;
use shared::identity::{AccountChanges, NewOverrideToken};
use shared::kernel::time::SignedDuration;
use shared::tenancy::Networks;
use shared::testing::{Request, TestApp};
use staff::routes::get_own_staff_member;
use test_support::overrides::{allow, entries, opened, set_plan};
use test_support::people::{email, get_me};
use workspaces::routes::{
    create_workspace_token, delete_workspace, get_member, get_settings, get_workspace, list_members,
    list_workspace_tokens, rename_workspace, update_security,
};

use crate::visits::{UNKNOWN, founded, read, refusal, to, write};

fn names(entries: &[AuditEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.action.as_str()).collect()
}

#[tokio::test]
async fn each_read_is_in_the_audit_log_with_what_was_read() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    app.advance(SignedDuration::from_millis(2));
    app.call(to(&get_member::FUNCTION, &session, owner.workspace).path("user_id", owner.user)).await;
    app.advance(SignedDuration::from_millis(2));
    read(&app, &session, owner.workspace).await.expect(200);
    let logged = entries(&app, owner.workspace, &session.id).await;
    assert_eq!(names(&logged), ["override_session.opened", "override_session.used", "override_session.used"]);
    let details: Vec<&Value> = logged[1..].iter().map(|entry| entry.target.detail.as_ref().unwrap()).collect();
    let member = json!({ "route": "get-member", "resource": { "user_id": owner.user } });
    assert_eq!(details, [&member, &json!({ "route": "get-workspace", "resource": {} })]);
    assert!(
        logged
            .iter()
            .all(|entry| matches!(&entry.origin.actor, Actor::OverrideSession { name, .. } if name == "Grace Hopper"))
    );
    // The owner sees it.
    let shown = app.call(Request::to(&list_audit_entries::FUNCTION).by(&owner)).await.expect(200).body;
    assert_eq!(shown["items"][0]["actor"]["kind"], json!("override_session"));
}

/// The intent comes before the effect: what the log does not have is not shown.
#[tokio::test]
async fn a_read_whose_entry_cannot_be_written_is_refused() {
    let mut app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    let audit = app.tables().audit.clone();
    app.configure(|config| "bht-no-audit".clone_into(&mut config.tables.audit));
    let refused = read(&app, &session, owner.workspace).await;
    assert!(refused.status >= 500 && !refused.text.contains("Northwind"), "{}", refused.text);
    app.configure(|config| audit.clone_into(&mut config.tables.audit));
    read(&app, &session, owner.workspace).await.expect(200);
}

/// The ids in a token are no secret.
#[tokio::test]
async fn a_token_with_the_ids_of_a_session_and_other_random_bytes_is_refused() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let mut session = opened(&app, owner.workspace, "read_only").await;
    read(&app, &session, owner.workspace).await.expect(200);
    let logged = entries(&app, owner.workspace, &session.id).await;
    let Actor::OverrideSession { id, staff, .. } = logged[0].origin.actor else { panic!("{logged:?}") };
    let guessed = NewOverrideToken::of(owner.workspace, staff, id, app.entropy());
    guessed.secret.expose().clone_into(&mut session.token);
    assert_eq!(refusal(&read(&app, &session, owner.workspace).await), UNKNOWN);
}

#[tokio::test]
async fn a_read_only_session_changes_nothing() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    // Also where more is allowed.
    allow(&app, &owner, "full").await.expect(200);
    let session = opened(&app, owner.workspace, "read_only").await;
    assert_eq!(refusal(&write(&app, &session, owner.workspace).await), (403, "override_read_only"));
    let settings = app.call(Request::to(&get_settings::FUNCTION).by(&owner)).await.expect(200).body;
    assert_ne!(settings["locale"], json!("de"));
}

#[tokio::test]
async fn a_full_session_changes_what_the_table_says_under_its_own_name() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    allow(&app, &owner, "full").await.expect(200);
    let session = opened(&app, owner.workspace, "full").await;
    write(&app, &session, owner.workspace).await.expect(200);
    let renaming = to(&rename_workspace::FUNCTION, &session, owner.workspace).json(json!({ "name": "Southwind" }));
    assert_eq!(app.call(renaming).await.expect(200).body["name"], json!("Southwind"));
    let logged = entries(&app, owner.workspace, &session.id).await;
    let mut names = names(&logged);
    names.sort_unstable();
    let expected = [
        "override_session.opened",
        "override_session.used",
        "override_session.used",
        "workspace.renamed",
        "workspace.settings_updated",
    ];
    assert_eq!(names, expected);
    assert!(logged.iter().all(|entry| entry.origin.actor.to_string() == session.id));
}

#[tokio::test]
async fn no_session_reaches_members_secrets_or_ownership_or_sees_addresses() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let email: EmailAddress = email(&app).parse().unwrap();
    let user = User::new(owner.user, email.clone(), PersonName::parse("Ada Lovelace").unwrap(), app.now());
    app.accounts().commit(AccountChanges::default().insert(&user)).await.unwrap();
    allow(&app, &owner, "full").await.expect(200);
    let session = opened(&app, owner.workspace, "full").await;
    for request in [
        to(&list_workspace_tokens::FUNCTION, &session, owner.workspace),
        to(&create_workspace_token::FUNCTION, &session, owner.workspace).json(json!({ "name": "x", "scopes": [] })),
        to(&update_security::FUNCTION, &session, owner.workspace).json(json!({})),
        to(&delete_workspace::FUNCTION, &session, owner.workspace),
    ] {
        let name = request.function().name();
        assert_eq!(refusal(&app.call(request).await), (403, "session_needed"), "{name}");
    }
    let listed = app.call(to(&list_members::FUNCTION, &session, owner.workspace)).await.expect(200).body;
    assert_eq!((&listed["items"][0]["name"], &listed["items"][0]["email"]), (&json!("Ada Lovelace"), &Value::Null));
    let shown = app.call(Request::to(&list_members::FUNCTION).by(&owner)).await.expect(200).body;
    assert_eq!(shown["items"][0]["email"], json!(email), "an owner sees it");
    assert_eq!(refusal(&get_me(&app, &json!(session.token)).await), (403, "session_needed"));
    let request = Request::to(&get_own_staff_member::FUNCTION).bearer(&session.token);
    assert_eq!(refusal(&app.call(request).await), (404, "not_found"));
}

/// From elsewhere, a token is as good as none, and that it was tried is an event that pages.
#[tokio::test]
async fn a_token_from_outside_the_networks_of_the_staff_is_refused() {
    let mut app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    app.configure(|config| {
        let own = config.planes.clone();
        config.planes = Planes::each(|plane| {
            let mut settings = own.settings(*plane).unwrap().clone();
            if plane.has_networks {
                settings.networks = Networks::new(vec!["192.0.2.0/24".parse().unwrap()]).unwrap();
            }
            Ok::<_, ()>(settings)
        })
        .unwrap();
    });
    let from = |ip: &str| to(&get_workspace::FUNCTION, &session, owner.workspace).ip(ip);
    app.call(from("192.0.2.7")).await.expect(200);
    for ip in ["198.51.100.7", "64:ff9b::192.0.2.7"] {
        assert_eq!(refusal(&app.call(from(ip)).await), UNKNOWN, "{ip}");
    }
    let events = app.events_since(app.now() - SignedDuration::from_mins(1)).await.unwrap();
    assert!(events.iter().any(|event| event.name == "override_network_refused"));
}

/// The rules of a workspace are about its members: an owner who closes it to a network does not close it to support.
#[tokio::test]
async fn the_networks_of_the_workspace_do_not_apply_and_its_plan_does() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    let rules = json!({ "networks": ["203.0.113.7/32"] });
    app.call(Request::to(&update_security::FUNCTION).by(&owner).ip("203.0.113.7").json(rules)).await.expect(200);
    read(&app, &session, owner.workspace).await.expect(200);
    set_plan(&app, owner.workspace, "free").await;
    let refused = app.call(to(&list_audit_entries::FUNCTION, &session, owner.workspace)).await;
    assert_eq!(refusal(&refused), (402, "plan_lacks_entitlement"));
}
