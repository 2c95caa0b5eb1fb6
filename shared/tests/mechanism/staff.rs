//! The operator's staff: separate sessions, with a passkey, on a separate plane.

use serde::Deserialize;
use serde_json::json;
use shared::function::{Declared, Function, Level};
use shared::http::{Endpoint, Plane, Reply, Route, RouteDeclaration};
use shared::identity::Staff;
use shared::identity::staff_permissions::{ManageStaff, ReadStaff, StaffRole};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::problems::Problem;
use shared::kernel::time::SignedDuration;
use shared::testing::{Request, StaffMember, TestApp};
use utoipa::ToSchema;

use super::notes::LIST;

/// Reads a workspace, whose id in the path is an ordinary field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LookAtWorkspace {
    workspace_id: WorkspaceId,
}

static LOOK: Function = Function::route::<LookAtWorkspace>();

impl Endpoint for LookAtWorkspace {
    const ROUTE: Route = Route::get("look-at-workspace", "/workspaces/{workspace_id}");
    type Access = Staff<ReadStaff>;
    type Output = Reply<String>;

    async fn handle(self, staff: &Staff<ReadStaff>) -> Result<Self::Output, Problem> {
        Ok(Reply(format!("{} at {}", staff.id(), self.workspace_id)))
    }
}

/// Adds a member of the staff.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddStaff {}

static ADD: Function = Function::route::<AddStaff>();

impl Endpoint for AddStaff {
    const ROUTE: Route = Route::post("add-staff", "/staff");
    type Access = Staff<ManageStaff>;
    type Output = Reply<String>;

    async fn handle(self, staff: &Staff<ManageStaff>) -> Result<Self::Output, Problem> {
        serde_json::to_string(&staff.origin().actor).map(Reply).map_err(Problem::internal)
    }
}

async fn look(app: &TestApp, token: &str) -> (u16, String) {
    let workspace: WorkspaceId = app.new_id();
    let answer = app.call(Request::to(&LOOK).bearer(token).path("workspace_id", workspace)).await;
    (answer.status, answer.code().to_owned())
}

async fn add(app: &TestApp, member: &StaffMember) -> (u16, String) {
    let answer = app.call(Request::to(&ADD).bearer(&member.token).json(json!({}))).await;
    (answer.status, answer.code().to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn a_product_session_is_401_on_a_staff_route() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let personal = app.personal_token(&owner, &["staff:read"]).await.unwrap();
    assert_eq!(app.call(Request::to(&LIST).by(&owner).query("limit", 1)).await.status, 200, "it is a live session");
    for token in [&owner.token, personal.secret.expose(), "", "x.y.z"] {
        assert_eq!(look(&app, token).await, refused(401, "not_signed_in"));
    }
    let without = app.call(Request::to(&LOOK).path("workspace_id", owner.workspace)).await.expect(401);
    assert_eq!(without.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn a_staff_session_is_401_on_a_product_route() {
    let app = TestApp::new();
    let (owner, manager) = (app.owner().await.unwrap(), app.staff(&StaffRole::ALL, Some(app.now())).await.unwrap());
    assert_eq!(look(&app, &manager.token).await.0, 200, "it is a live session");
    let request = Request::to(&LIST).by(&owner).bearer(&manager.token).query("limit", 1);
    assert_eq!(app.call(request).await.expect(401).code(), "not_signed_in");
}

#[tokio::test]
async fn a_staff_session_without_a_passkey_is_403() {
    let app = TestApp::new();
    let manager = app.staff(&StaffRole::ALL, None).await.unwrap();
    assert_eq!(look(&app, &manager.token).await, refused(403, "passkey_needed"));
}

#[tokio::test]
async fn a_role_without_the_permission_is_403_and_one_with_it_is_admitted() {
    let app = TestApp::new();
    let support = app.staff(&[StaffRole::Support, StaffRole::Operator], Some(app.now())).await.unwrap();
    assert_eq!(look(&app, &support.token).await.0, 200);
    assert_eq!(add(&app, &support).await, refused(403, "permission_missing"));
    let nothing = app.staff(&[], Some(app.now())).await.unwrap();
    assert_eq!(look(&app, &nothing.token).await, refused(403, "permission_missing"));
    let manager = app.staff(&[StaffRole::Manager], Some(app.now())).await.unwrap();
    let answer = app.call(Request::to(&ADD).bearer(&manager.token).json(json!({}))).await.expect(200);
    assert_eq!(answer.body, json!(format!("{{\"kind\":\"staff\",\"id\":\"{}\"}}", manager.id)));
}

#[tokio::test]
async fn a_staff_session_is_refused_after_its_token_expired_its_epoch_turned_or_its_role_was_removed() {
    let app = TestApp::new();
    let manager = app.staff(&[StaffRole::Manager], Some(app.now())).await.unwrap();
    assert_eq!(add(&app, &manager).await.0, 200);
    app.set_staff(manager.id, 1, &[StaffRole::Support]).await.unwrap();
    assert_eq!(add(&app, &manager).await, refused(403, "permission_missing"), "a role that was taken away");
    app.set_staff(manager.id, 2, &[StaffRole::Manager]).await.unwrap();
    assert_eq!(add(&app, &manager).await, refused(401, "not_signed_in"), "an epoch that was turned");
    let other = app.staff(&[StaffRole::Manager], Some(app.now())).await.unwrap();
    app.advance(SignedDuration::from_mins(15));
    assert_eq!(add(&app, &other).await, refused(401, "not_signed_in"), "an expired token");
}

#[tokio::test]
async fn staff_routes_are_only_on_the_staff_plane_and_read_no_proof_of_a_user() {
    let Declared::Route(RouteDeclaration { planes, level: access, .. }) = ADD.declared() else { panic!("a route") };
    assert_eq!(planes, [Plane::STAFF]);
    assert!(matches!(access, Level::Staff(permission) if permission.name == "ManageStaff"));
    let app = TestApp::new();
    let manager = app.staff(&StaffRole::ALL, Some(app.now())).await.unwrap();
    let by = |plane| Request::to(&ADD).bearer(&manager.token).json(json!({})).on(plane);
    for plane in [Plane::PRODUCT, Plane::HOOKS] {
        assert_eq!(app.call(by(plane)).await.expect(500).code(), "internal");
    }
    app.call(by(Plane::STAFF)).await.expect(200);
    let rights: Vec<String> = ADD.statements().map(|statement| format!("{:?}", statement.resource)).collect();
    assert!(rights.iter().all(|resource| !resource.contains("\"S#") && !resource.contains("\"M#")), "{rights:?}");
    let rights: Vec<String> = LIST.statements().map(|statement| format!("{:?}", statement.resource)).collect();
    assert!(rights.iter().all(|resource| !resource.contains("STAFF#")), "{rights:?}");
}
