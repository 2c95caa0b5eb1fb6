//! The operator's staff: separate sessions, with a passkey, on a separate plane.

use serde::Deserialize;
use serde_json::json;
use shared::config::Planes;
use shared::crypto::digest::sha256_hex;
use shared::function::{Declared, Function, Level};
use shared::http::{Endpoint, Plane, Reply, Route, RouteDeclaration};
use shared::identity::{Anyone, Staff, StaffRole};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::networks::Networks;
use shared::kernel::problems::Problem;
use shared::kernel::time::SignedDuration;
use shared::system_events::SystemEvent;
use shared::testing::{Request, StaffMember, TestApp};
use utoipa::ToSchema;

use super::notes::LIST;

shared::staff_permissions! {
    /// Uses the console.
    UseConsole;
    /// Ends the sessions of users.
    EndSessions;
}

/// Reads a workspace, whose id in the path is an ordinary field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LookAtWorkspace {
    workspace_id: WorkspaceId,
}

static LOOK: Function = Function::route::<LookAtWorkspace>();

impl Endpoint for LookAtWorkspace {
    const ROUTE: Route = Route::get("look-at-workspace", "/workspaces/{workspace_id}");
    type Access = Staff<UseConsole>;
    type Output = Reply<String>;

    async fn handle(self, staff: &Staff<UseConsole>) -> Result<Self::Output, Problem> {
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
    type Access = Staff<EndSessions>;
    type Output = Reply<String>;

    async fn handle(self, staff: &Staff<EndSessions>) -> Result<Self::Output, Problem> {
        serde_json::to_string(&staff.origin().actor).map(Reply).map_err(Problem::internal)
    }
}

/// Answers on two planes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerAnyone {}

static OPEN: Function = Function::route::<AnswerAnyone>();

impl Endpoint for AnswerAnyone {
    const ROUTE: Route = Route::get("answer-anyone", "/open").on(&[Plane::PRODUCT, Plane::STAFF]);
    type Access = Anyone;
    type Output = Reply<String>;

    async fn handle(self, _: &Anyone) -> Result<Self::Output, Problem> {
        Ok(Reply("open".to_owned()))
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

/// The subjects of the recorded attempts, with the routes.
/// The users, and the networks of others, whose attempts are recorded. An address is in the details alone, because subjects
/// are logged.
async fn attempts(app: &TestApp) -> Vec<String> {
    let events = app.events_since(app.now()).await.unwrap();
    let attempts = events.into_iter().filter(|event| event.name == "staff_route_attempted");
    let caller = |event: SystemEvent| match event.detail["network"].as_str() {
        Some(network) if event.subject == sha256_hex(network.as_bytes()) => network.to_owned(),
        _ => event.subject,
    };
    let mut callers: Vec<String> = attempts.map(caller).collect();
    callers.sort();
    callers
}

#[tokio::test]
async fn a_caller_outside_the_staff_gets_404_and_is_recorded_once_an_hour() {
    let app = TestApp::new();
    let owner = app.owner().await.unwrap();
    let personal = app.personal_token(&owner, &["staff:read"]).await.unwrap();
    assert_eq!(app.call(Request::to(&LIST).by(&owner).query("limit", 1)).await.status, 200, "it is a live session");
    for _ in 0..3 {
        assert_eq!(look(&app, &owner.token).await, refused(404, "not_found"));
    }
    assert_eq!(attempts(&app).await, [owner.user.to_string()]);
    for token in [personal.secret.expose(), "", "x.y.z"] {
        assert_eq!(look(&app, token).await, refused(404, "not_found"));
    }
    let without = app.call(Request::to(&LOOK).path("workspace_id", owner.workspace)).await.expect(404);
    assert_eq!(without.header("www-authenticate"), "");
    let mut callers = vec![app.address(), owner.user.to_string()];
    callers.sort();
    assert_eq!(attempts(&app).await, callers);
    app.advance(SignedDuration::from_hours(1));
    let other = app.mint(owner.user, owner.session).await.unwrap();
    assert_eq!(look(&app, &other).await, refused(404, "not_found"));
    assert_eq!(attempts(&app).await, [owner.user.to_string()], "in the next hour, it is recorded again");
}

/// A refusal before the token would show that there is a route.
#[tokio::test]
async fn a_caller_outside_the_staff_gets_404_whatever_they_send() {
    let app = TestApp::new();
    let large = "x".repeat(200_000);
    for request in
        [Request::to(&ADD).body("text"), Request::to(&ADD).body(large), Request::to(&ADD).json(json!({"a": 1}))]
    {
        assert_eq!(app.call(request).await.expect(404).code(), "not_found");
    }
    let admin = app.staff(&StaffRole::ALL, Some(app.now())).await.unwrap();
    let large = json!({ "a": "x".repeat(200_000) });
    app.call(Request::to(&ADD).bearer(&admin.token).json(large)).await.expect(413);
    app.call(Request::to(&ADD).bearer(&admin.token).body("text")).await.expect(415);
}

#[tokio::test]
async fn a_caller_outside_the_networks_of_the_plane_gets_404_everywhere_on_it_and_is_recorded_once() {
    let mut app = TestApp::new();
    let networks = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    app.configure(|config| {
        let own = config.planes.clone();
        config.planes = Planes::each(|plane| {
            let mut settings = own.settings(*plane).unwrap().clone();
            if plane.has_networks {
                settings.networks = Networks::new(networks.clone()).unwrap();
            }
            Ok::<_, ()>(settings)
        })
        .unwrap();
    });
    let admin = app.staff(&StaffRole::ALL, Some(app.now())).await.unwrap();
    let workspace: WorkspaceId = app.new_id();
    let from = |ip: &str| Request::to(&LOOK).bearer(&admin.token).path("workspace_id", workspace).ip(ip);
    for ip in ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1"] {
        app.call(from(ip)).await.expect(200);
    }
    for ip in ["198.51.100.7", "198.51.100.7", "2001:db9::1", "2001:db9::2", "64:ff9b::192.0.2.7"] {
        assert_eq!(app.call(from(ip)).await.expect(404).code(), "not_found");
    }
    app.call(Request::to(&OPEN).on(Plane::STAFF).ip("198.51.100.7")).await.expect(404);
    app.call(Request::to(&OPEN).on(Plane::PRODUCT).ip("198.51.100.7")).await.expect(200);
    let events = app.events_since(app.now()).await.unwrap();
    assert!(events.iter().all(|event| !event.subject.contains(['.', ':'])), "subjects are logged: {events:?}");
    let network = |event: &SystemEvent| event.detail["network"].as_str().unwrap().to_owned();
    let mut subjects: Vec<_> = events.iter().map(|event| (event.name.as_str(), network(event))).collect();
    subjects.sort_unstable();
    let expected =
        ["192.0.2.7", "198.51.100.7", "2001:db9:0:0::/64"].map(|network| ("plane_network_refused", network.to_owned()));
    assert_eq!(subjects, expected);
}

#[tokio::test]
async fn a_staff_session_ends_after_an_hour_for_good() {
    let app = TestApp::new();
    let admin = app.staff(&StaffRole::ALL, Some(app.now())).await.unwrap();
    app.advance(SignedDuration::from_mins(60) - SignedDuration::from_secs(1));
    assert_eq!(look(&app, &admin.token).await.0, 200);
    app.advance(SignedDuration::from_secs(1));
    assert_eq!(look(&app, &admin.token).await, refused(401, "not_signed_in"));
    assert_eq!(attempts(&app).await, [""; 0], "it is not an attempt from outside the staff");
    // Another token of the same session, as a defect could issue it, does not prolong it.
    let later = app.staff_token(admin.id, admin.session).await.unwrap();
    assert_eq!(look(&app, &later).await, refused(401, "not_signed_in"));
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
    let support = app.staff(&[StaffRole::Billing], Some(app.now())).await.unwrap();
    assert_eq!(look(&app, &support.token).await.0, 200);
    assert_eq!(add(&app, &support).await, refused(403, "permission_missing"));
    let nothing = app.staff(&[], Some(app.now())).await.unwrap();
    assert_eq!(look(&app, &nothing.token).await, refused(403, "permission_missing"));
    let manager = app.staff(&[StaffRole::Security], Some(app.now())).await.unwrap();
    let answer = app.call(Request::to(&ADD).bearer(&manager.token).json(json!({}))).await.expect(200);
    assert_eq!(answer.body, json!(format!("{{\"kind\":\"staff\",\"id\":\"{}\"}}", manager.id)));
}

#[tokio::test]
async fn a_staff_session_is_refused_after_its_token_expired_its_epoch_turned_or_its_role_was_removed() {
    let app = TestApp::new();
    let manager = app.staff(&[StaffRole::Security], Some(app.now())).await.unwrap();
    assert_eq!(add(&app, &manager).await.0, 200);
    app.set_staff(manager.id, 1, &[StaffRole::Billing]).await.unwrap();
    assert_eq!(add(&app, &manager).await, refused(403, "permission_missing"), "a role that was taken away");
    app.set_staff(manager.id, 2, &[StaffRole::Security]).await.unwrap();
    assert_eq!(add(&app, &manager).await, refused(401, "not_signed_in"), "an epoch that was turned");
    let other = app.staff(&[StaffRole::Security], Some(app.now())).await.unwrap();
    app.advance(SignedDuration::from_mins(60));
    assert_eq!(add(&app, &other).await, refused(401, "not_signed_in"), "an expired token");
}

#[tokio::test]
async fn staff_routes_are_only_on_the_staff_plane_and_read_no_proof_of_a_user() {
    let Declared::Route(RouteDeclaration { planes, level: access, .. }) = ADD.declared() else { panic!("a route") };
    assert_eq!(planes, [Plane::STAFF]);
    assert!(matches!(access, Level::Staff(permission) if permission.name == "EndSessions"));
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
