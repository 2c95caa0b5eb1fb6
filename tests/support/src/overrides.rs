//! Override sessions of the staff, and what is done in them.

use override_sessions::routes::open_override_session;
use serde_json::{Value, json};
use shared::audit::AuditEntry;
use shared::kernel::ids::WorkspaceId;
use shared::tenancy::{Changes, Page};
use shared::testing::{Person, Request, Response, TestApp};
use workspaces::routes::update_security;

use crate::staff_member::{call, signed_in};

/// A session with the token of the member of the staff who opened it.
pub struct Opened {
    pub id: String,
    pub token: String,
    pub staff: String,
}

/// The body of a request for a session of an hour.
pub fn terms(access: &str) -> Value {
    json!({ "reason": "Cannot see a post", "ticket": "SUP-4711", "minutes": 60, "access": access })
}

pub async fn open(app: &TestApp, staff: &str, workspace: WorkspaceId, body: Value) -> Response {
    let request = Request::to(&open_override_session::FUNCTION).path("workspace_id", workspace).json(body);
    call(app, staff, request).await
}

/// A session of a new member of the staff.
pub async fn opened(app: &TestApp, workspace: WorkspaceId, access: &str) -> Opened {
    let staff = signed_in(app, &["support"]).await;
    let made = open(app, &staff, workspace, terms(access)).await.expect(201).body;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Opened { id: text(&made["session"]["id"]), token: text(&made["token"]), staff }
}

/// Sets the most that sessions may do.
pub async fn allow(app: &TestApp, owner: &Person, access: &str) -> Response {
    let rules = json!({ "override_access": access });
    app.call(Request::to(&update_security::FUNCTION).by(owner).json(rules)).await
}

/// Sets the plan.
pub async fn set_plan(app: &TestApp, workspace: WorkspaceId, plan: &str) {
    let scope = app.scope(workspace);
    let change = scope.directory().await.unwrap().change().plan(plan);
    change.commit(Changes::default().unaudited("a fixture")).await.unwrap();
}

/// The entries of a session in the workspace's audit log, oldest first.
pub async fn entries(app: &TestApp, workspace: WorkspaceId, session: &str) -> Vec<AuditEntry> {
    // More than any test writes.
    let page = Page { limit: 1000, cursor: None, newest_first: false };
    let mut entries = app.scope(workspace).audit_entries(&page).await.unwrap().items;
    entries.retain(|entry| entry.target.id == session || entry.origin.actor.to_string() == session);
    entries
}
