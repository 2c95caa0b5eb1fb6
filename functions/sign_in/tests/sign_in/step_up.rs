//! Step-up: what a session may do, depending on the factors proved in it and their age.

use accounts::{PersonName, User};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Route};
use shared::identity::{AccountChanges, EpochTurn, SessionTerms, Strength};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::problems::Problem;
use shared::kernel::time::SignedDuration;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{Role, Workspace};
use shared::testing::{Request, TestApp};
use test_support::authenticator_app::*;
use test_support::people::*;
use utoipa::ToSchema;

#[tokio::test]
async fn a_factor_is_fresh_for_ten_minutes() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let mut tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    app.advance(SignedDuration::from_mins(10));
    tokens = refresh(&app, &tokens["refresh_token"]).await.expect(200).body;
    let token = &tokens["access_token"];
    assert_eq!(enrol(&app, token).await.expect(401).code(), "fresh_factor_needed", "a refresh is not a factor");

    assert_eq!(
        step(&app, token, json!({ "password": "not the right one" })).await.expect(403).code(),
        "wrong_password"
    );
    assert_eq!(step(&app, token, json!({ "code": "123456" })).await.expect(403).code(), "wrong_code");
    let stepped = step(&app, token, json!({ "password": PASSWORD })).await.expect(200).body;
    assert_eq!(stepped["fresh_until"], shared::kernel::time::sortable(app.now() + SignedDuration::from_mins(10)));
    enrol(&app, token).await.expect(201);
    app.advance(SignedDuration::from_mins(10) - SignedDuration::from_millis(3));
    enrol(&app, token).await.expect(201);
    assert_eq!(enrol(&app, token).await.expect(401).code(), "fresh_factor_needed");

    for _ in 0..5 {
        step(&app, token, json!({ "password": "not the right one" })).await.expect(403);
    }
    step(&app, token, json!({ "password": PASSWORD })).await.expect(429);
}

#[tokio::test]
async fn a_step_up_by_code_makes_an_older_session_strong() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let before = login(&app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    let token = login(&app, &email, PASSWORD).await.expect(200).body["access_token"].clone();
    let secret = enrol(&app, &token).await.expect(201).body["secret"].as_str().unwrap().to_owned();
    let confirmed = confirm(&app, &token, &code(&app, &secret)).await.expect(200).body;
    assert_eq!(regenerate(&app, &before).await.expect(401).code(), "fresh_factor_needed");
    let recovery_code = &confirmed["recovery_codes"][0];
    step(&app, &before, json!({ "recovery_code": recovery_code })).await.expect(200);
    step(&app, &before, json!({ "recovery_code": recovery_code })).await.expect(403);
    regenerate(&app, &before).await.expect(201);
}

/// A workspace route that every member may call.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Visit {}

static VISIT: Function = Function::route::<Visit>();

impl Endpoint for Visit {
    const ROUTE: Route = Route::get("visit", "/workspaces/{workspace_id}/visit");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems];
    type Access = Workspace<ReadWorkspace>;
    type Output = NoContent;

    async fn handle(self, _: &Workspace<ReadWorkspace>) -> Result<NoContent, Problem> {
        Ok(NoContent)
    }
}

/// A session of a workspace member in which only one factor was proved.
async fn single_session(app: &TestApp, role: Role) -> (Value, WorkspaceId) {
    let owner = app.owner().await.unwrap();
    let person = if role == Role::Owner { owner } else { app.join(owner.workspace, role).await.unwrap() };
    let (accounts, now) = (app.accounts(), app.now());
    // The fixture user has a second factor: remove it.
    let epoch = accounts.epoch(person.user).await.unwrap();
    let lost = AccountChanges::default().turn(person.user, epoch, EpochTurn::default().and_unenrolling());
    accounts.commit(lost).await.unwrap();
    let user =
        User::new(person.user, email(app).parse().unwrap(), PersonName::parse("Ada Lovelace").unwrap(), app.now());
    let terms = SessionTerms {
        user: person.user,
        session: app.new_id(),
        epoch: accounts.epoch(person.user).await.unwrap(),
        started_at: now,
        ends_at: now + SignedDuration::from_hours(1),
    };
    let changes = AccountChanges::default().insert(&user).open_session(&terms, Strength::Single, now);
    accounts.commit(changes).await.unwrap();
    (json!(app.mint(person.user, terms.session).await.unwrap()), person.workspace)
}

#[tokio::test]
async fn owners_and_admins_without_a_second_factor_can_only_enrol() {
    let app = TestApp::new();
    let visit = |token: Value, workspace: WorkspaceId| {
        app.call(Request::to(&VISIT).bearer(token.as_str().unwrap()).path("workspace_id", workspace))
    };
    for role in [Role::Owner, Role::Admin] {
        let (token, workspace) = single_session(&app, role).await;
        assert_eq!(visit(token.clone(), workspace).await.expect(403).code(), "second_factor_needed");
        let secret = enrol(&app, &token).await.expect(201).body["secret"].as_str().unwrap().to_owned();
        visit(token.clone(), workspace).await.expect(403);
        confirm(&app, &token, &code(&app, &secret)).await.expect(200);
        visit(token.clone(), workspace).await.expect(204);
        // Without the factor, the session counts as opened by password only, at once.
        disable(&app, &token).await.expect(204);
        assert_eq!(visit(token.clone(), workspace).await.expect(403).code(), "second_factor_needed");
        // Enrolling another factor does not make it strong again; confirming it does.
        let secret = enrol(&app, &token).await.expect(201).body["secret"].as_str().unwrap().to_owned();
        next_code(&app);
        confirm(&app, &token, &code(&app, &secret)).await.expect(200);
        visit(token.clone(), workspace).await.expect(204);
    }
    let (token, workspace) = single_session(&app, Role::Member).await;
    visit(token, workspace).await.expect(204);
}

#[tokio::test]
async fn each_401_and_403_has_a_title_for_its_cause() {
    let app = TestApp::new();
    let (email, _) = user(&app).await;
    let tokens = login(&app, &email, PASSWORD).await.expect(200).body;
    let token = &tokens["access_token"];
    assert_eq!(login(&app, &email, "wrong").await.expect(401).body["title"], "Sign-in failed");
    assert_eq!(step(&app, token, json!({ "password": "wrong" })).await.expect(403).body["title"], "Wrong password");
    app.advance(SignedDuration::from_mins(11));
    assert_eq!(enrol(&app, token).await.expect(401).body["title"], "Re-authentication required");
    let never = json!("A".repeat(86));
    assert_eq!(refresh(&app, &never).await.expect(401).body["title"], "Session ended");
    assert_eq!(get_me(&app, &json!("x.y.z")).await.expect(401).body["title"], "Not signed in");
}
