//! Requests in a session, and the workspace that it is in.

use serde_json::json;
use shared::function::Function;
use shared::kernel::ids::WorkspaceId;
use shared::testing::{Person, Request, Response, TestApp};
use test_support::overrides::Opened;
use workspaces::routes::{create_workspace, get_workspace, update_settings};

/// A workspace that was created through its route, and its owner in a fresh session.
pub async fn founded(app: &TestApp) -> Person {
    let mut owner = app.owner().await.unwrap();
    let founding = Request::to(&create_workspace::FUNCTION).by(&owner).json(json!({ "name": "Northwind" }));
    owner.workspace = app.call(founding).await.expect(201).body["id"].as_str().unwrap().parse().unwrap();
    owner
}

/// A route that only reads.
pub async fn read(app: &TestApp, session: &Opened, workspace: WorkspaceId) -> Response {
    app.call(to(&get_workspace::FUNCTION, session, workspace)).await
}

/// A route that changes something.
pub async fn write(app: &TestApp, session: &Opened, workspace: WorkspaceId) -> Response {
    app.call(to(&update_settings::FUNCTION, session, workspace).json(json!({ "locale": "de" }))).await
}

pub fn to(function: &'static Function, session: &Opened, workspace: WorkspaceId) -> Request {
    Request::to(function).bearer(&session.token).path("workspace_id", workspace)
}

/// The status of a response and the code of its problem.
pub fn refusal(answer: &Response) -> (u16, &str) {
    (answer.status, answer.code())
}

pub const UNKNOWN: (u16, &str) = (401, "not_signed_in");
