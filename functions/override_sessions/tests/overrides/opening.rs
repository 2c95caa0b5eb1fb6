//! Who opens a session into a workspace, and the owners who are notified.

use accounts::PersonName;
use accounts::address::Address;
use accounts::user::User;
use mail::{EmailAddress, SendEmail};
use override_sessions::letters;
use override_sessions::routes::open_override_session;
use serde_json::{Value, json};
use shared::audit::Actor;
use shared::identity::AccountChanges;
use shared::kernel::ids::{StaffId, WorkspaceId};
use shared::kernel::time::{SignedDuration, sortable};
use shared::tenancy::{Changes, Role};
use shared::testing::{Request, TestApp};
use test_support::overrides::{allow, entries, open, opened, terms};
use test_support::staff_member::{call, enrolled, sign_in, signed_in};
use workspaces::routes::delete_workspace;

use crate::visits::{founded, read, refusal};

async fn events(app: &TestApp, name: &str) -> Vec<(String, Value)> {
    let events = app.events_since(app.now() - SignedDuration::from_mins(1)).await.unwrap();
    events.into_iter().filter(|event| event.name == name).map(|event| (event.subject, event.detail)).collect()
}

#[tokio::test]
async fn an_opened_session_is_in_the_audit_log_and_each_owner_is_emailed_who_enters_and_why() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let other = app.join(owner.workspace, Role::Owner).await.unwrap();
    app.join(owner.workspace, Role::Admin).await.unwrap();
    app.empty_outbox().await.unwrap();
    let staff = signed_in(&app, &["security"]).await;
    let body = json!({ "reason": "Cannot see a post", "ticket": "SUP-4711", "minutes": 20 });
    let made = open(&app, &staff, owner.workspace, body).await.expect(201);
    let session = &made.body["session"];
    let id = session["id"].as_str().unwrap();
    let path = format!("/staff/workspaces/{}/override-sessions/{id}", owner.workspace);
    assert_eq!(made.header("location"), path);
    assert_eq!((&session["access"], &session["state"]), (&json!("read_only"), &json!("open")));
    assert_eq!(session["expires_at"], json!(sortable(app.now() + SignedDuration::from_mins(20))));
    let token = made.body["token"].as_str().unwrap();
    assert!(token.starts_with("bho_") && token.len() == 114, "{token}");

    let logged = entries(&app, owner.workspace, id).await;
    let [opening] = logged.as_slice() else { panic!("{logged:?}") };
    let staff_id: StaffId = session["staff_id"].as_str().unwrap().parse().unwrap();
    let actor = Actor::OverrideSession { id: id.parse().unwrap(), staff: staff_id, name: "Grace Hopper".to_owned() };
    assert_eq!((opening.action.as_str(), &opening.origin.actor), ("override_session.opened", &actor));
    let detail = opening.target.detail.as_ref().unwrap();
    assert_eq!((&detail["reason"], &detail["ticket"]), (&json!("Cannot see a post"), &json!("SUP-4711")));

    let letters = app.outbox::<SendEmail>(&owner.outbox()).await.unwrap();
    assert_eq!(letters.len(), 2, "only the owners");
    for user in [owner.user, other.user] {
        let is_its = |text: &str| text.contains(&user.to_string()) && text.contains(letters::OVERRIDE_SESSION_OPENED);
        assert!(letters.iter().any(|posted| is_its(&posted.envelope.payload.to_string())), "{user}");
    }
    let [(subject, detail)] = &events(&app, "override_session_opened").await[..] else { panic!("one event") };
    assert_eq!((subject, &detail["session"]), (&owner.workspace.to_string(), &json!(id)));
}

#[tokio::test]
async fn a_token_is_stored_nowhere() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let session = opened(&app, owner.workspace, "read_only").await;
    let tables = app.tables();
    for table in [&tables.tenants, &tables.outbox, &tables.audit, &tables.proofs, &tables.accounts, &tables.system] {
        let items = serde_json::to_string(&app.cloud().items(table).unwrap()).unwrap();
        assert!(!items.contains(&session.token[68..108]), "{table} has the random part");
    }
}

#[tokio::test]
async fn a_session_needs_a_reason_a_ticket_and_at_most_60_minutes() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let staff = signed_in(&app, &["support"]).await;
    for (field, value) in [
        ("reason", Value::Null),
        ("reason", json!(" ")),
        ("ticket", Value::Null),
        ("ticket", json!("")),
        ("ticket", json!("x".repeat(101))),
        ("minutes", Value::Null),
        ("minutes", json!(0)),
        ("minutes", json!(61)),
        ("access", json!("owner")),
    ] {
        let mut body = terms("read_only");
        body[field] = value.clone();
        if value.is_null() {
            body.as_object_mut().unwrap().remove(field);
        }
        let refused = open(&app, &staff, owner.workspace, body).await.expect(422);
        assert_eq!(refused.fields(), [field], "{value}");
    }
    assert!(events(&app, "override_session_opened").await.is_empty());
}

#[tokio::test]
async fn only_a_member_of_the_staff_with_the_permission_opens_a_session() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let billing = signed_in(&app, &["billing"]).await;
    let refused = open(&app, &billing, owner.workspace, terms("read_only")).await;
    assert_eq!(refusal(&refused), (403, "permission_missing"));
    assert_eq!(refusal(&open(&app, &owner.token, owner.workspace, terms("read_only")).await), (404, "not_found"));
    // Nor by a session into a workspace.
    let session = opened(&app, owner.workspace, "read_only").await;
    assert_eq!(refusal(&open(&app, &session.token, owner.workspace, terms("read_only")).await), (404, "not_found"));
    let unknown: WorkspaceId = app.new_id();
    let staff = signed_in(&app, &["support"]).await;
    assert_eq!(refusal(&open(&app, &staff, unknown, terms("read_only")).await), (404, "not_found"));
}

#[tokio::test]
async fn a_workspace_of_the_account_with_the_same_address_is_refused_and_recorded() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let mut member = enrolled(&app, &["support"]).await;
    let own = app.join(owner.workspace, Role::Reviewer).await.unwrap();
    let email: EmailAddress = member.email.parse().unwrap();
    let user = User::new(own.user, email.clone(), PersonName::parse("Grace Hopper").unwrap(), app.now());
    let mut address = Address::new(email);
    address.claim(own.user).unwrap();
    app.accounts().commit(AccountChanges::default().insert(&user).insert(&address)).await.unwrap();
    let tokens = sign_in(&app, &mut member.authenticator).await.expect(200).body;
    let staff = tokens["access_token"].as_str().unwrap();
    let before = app.cloud().items(&app.tables().audit).unwrap().len();
    let refused = open(&app, staff, owner.workspace, terms("read_only")).await;
    assert_eq!(refusal(&refused), (409, "own_workspace"));
    assert_eq!(app.cloud().items(&app.tables().audit).unwrap().len(), before);
    let [(subject, detail)] = &events(&app, "override_session_refused").await[..] else { panic!("one event") };
    assert_eq!((subject, &detail["code"]), (&owner.workspace.to_string(), &json!("own_workspace")));
    // Another workspace is not theirs.
    let other = founded(&app).await;
    open(&app, staff, other.workspace, terms("read_only")).await.expect(201);
}

#[tokio::test]
async fn full_access_is_refused_by_name_until_an_owner_allows_it() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    let staff = signed_in(&app, &["support"]).await;
    let refused = open(&app, &staff, owner.workspace, terms("full")).await;
    assert_eq!(refusal(&refused), (409, "full_access_not_allowed"));
    assert_eq!(events(&app, "override_session_refused").await.len(), 1);
    let admin = app.join(owner.workspace, Role::Admin).await.unwrap();
    assert_eq!(refusal(&allow(&app, &admin, "full").await), (403, "permission_missing"));
    let allowed = allow(&app, &owner, "full").await.expect(200);
    assert_eq!(allowed.body["override_access"], json!("full"));
    open(&app, &staff, owner.workspace, terms("full")).await.expect(201);
}

#[tokio::test]
async fn a_workspace_in_the_trash_or_suspended_is_refused() {
    let app = TestApp::new();
    let (trashed, suspended) = (founded(&app).await, founded(&app).await);
    app.call(Request::to(&delete_workspace::FUNCTION).by(&trashed)).await.expect(200);
    let change = app.scope(suspended.workspace);
    let change = change.directory().await.unwrap().change().suspend();
    change.commit(Changes::default().unaudited("a fixture")).await.unwrap();
    let staff = signed_in(&app, &["support"]).await;
    for (workspace, code) in [(trashed.workspace, "workspace_trashed"), (suspended.workspace, "workspace_suspended")] {
        assert_eq!(refusal(&open(&app, &staff, workspace, terms("read_only")).await), (403, code));
    }
}

/// The rules by which it was judged still hold when it is opened.
#[tokio::test]
async fn a_session_is_not_opened_if_the_rules_change_while_it_is_judged() {
    let app = TestApp::new();
    let owner = founded(&app).await;
    allow(&app, &owner, "full").await.expect(200);
    let staff = signed_in(&app, &["support"]).await;
    let request = Request::to(&open_override_session::FUNCTION).path("workspace_id", owner.workspace);
    let request = request.bearer(&staff).json(terms("full"));
    let changed = async { drop(allow(&app, &owner, "read_only").await.expect(200)) };
    let (answer, reached) = app.call_while(request, changed).await;
    assert!(reached.is_some());
    assert_eq!(refusal(&answer), (409, "modified_concurrently"));
    // The event is in the same transaction.
    assert!(events(&app, "override_session_opened").await.is_empty());
}

#[tokio::test]
async fn a_session_into_one_workspace_is_404_in_another() {
    let app = TestApp::new();
    let (mine, theirs) = (founded(&app).await, founded(&app).await);
    let session = opened(&app, mine.workspace, "read_only").await;
    read(&app, &session, mine.workspace).await.expect(200);
    assert_eq!(refusal(&read(&app, &session, theirs.workspace).await), (404, "not_found"));
    let request = Request::to(&workspaces::routes::get_workspace::FUNCTION).path("workspace_id", mine.workspace);
    assert_eq!(
        refusal(&call(&app, &session.staff, request).await),
        (401, "not_signed_in"),
        "the session of the console"
    );
}
