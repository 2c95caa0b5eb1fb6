//! The operator's apps on platforms: read once, kept for minutes, rotated with an overlap.

use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::aws::grants::Grant;
use shared::aws::wire::Fault;
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route};
use shared::kernel::problems::{Problem, ProblemCode};
use shared::kernel::time::SignedDuration;
use shared::tenancy::Workspace;
use shared::tenancy::permissions::ReadWorkspace;
use shared::testing::{Person, Request, Response, TestApp};
use utoipa::ToSchema;

const NO_APP: ProblemCode = ProblemCode::new(409, "no_app", "No app", "The operator has no app.", "Wait.");

/// Reads the app on the platform `pigeon`: the current one, or the one with a client id.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReadApp {
    client_id: Option<String>,
    #[serde(default)]
    refused: bool,
}

#[derive(Serialize, ToSchema)]
struct AppView {
    client_id: String,
    /// Of the secret, which no real route returns.
    length: usize,
}

static READ: Function = Function::route::<ReadApp>();
/// The same without the right to read apps.
static READ_WITHOUT: Function = Function::route::<ReadAppWithoutGrant>();

impl Endpoint for ReadApp {
    const ROUTE: Route = Route::post("read-app", "/workspaces/{workspace_id}/app");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ReadPlatformApps];
    const PROBLEMS: &'static [ProblemCode] = &[NO_APP];
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<AppView>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        if self.refused {
            workspace.forget_platform_app("pigeon").await;
        }
        let found = match &self.client_id {
            Some(client_id) => workspace.platform_app_of("pigeon", client_id).await?,
            None => workspace.platform_app("pigeon").await?,
        };
        let app = found.ok_or_else(|| Problem::new(NO_APP, "The operator has no such app."))?;
        Ok(Reply(AppView { client_id: app.client_id, length: app.client_secret.expose().len() }))
    }
}

/// Reads the app on the platform `pigeon`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReadAppWithoutGrant {}

impl Endpoint for ReadAppWithoutGrant {
    const ROUTE: Route = Route::post("read-app-without", "/workspaces/{workspace_id}/app-without");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems];
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<bool>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        Ok(Reply(workspace.platform_app("pigeon").await?.is_some()))
    }
}

struct Place {
    app: TestApp,
    owner: Person,
}

impl Place {
    async fn new() -> Self {
        let app = TestApp::new();
        let owner = app.owner().await.unwrap();
        Self { app, owner }
    }

    async fn answer(&self, body: serde_json::Value) -> Response {
        self.app.call(Request::to(&READ).by(&self.owner).json(body)).await
    }

    /// The client id and the length of the secret of the app with a client id, or of the current one.
    async fn read(&self, client_id: Option<&str>) -> Option<(String, u64)> {
        let answer = self.answer(json!({ "client_id": client_id })).await;
        if answer.status == 409 {
            return None;
        }
        let body = answer.expect(200).body;
        Some((body["client_id"].as_str().unwrap().to_owned(), body["length"].as_u64().unwrap()))
    }

    /// The calls of Secrets Manager since the last time.
    fn reads(&self) -> usize {
        self.app.wire(&READ).take().iter().filter(|call| *call == "SecretsManager.GetSecretValue").count()
    }
}

fn app(client_id: &str, length: u64) -> Option<(String, u64)> {
    Some((client_id.to_owned(), length))
}

#[tokio::test]
async fn an_app_is_read_once_in_five_minutes() {
    let at = Place::new().await;
    assert_eq!((at.read(None).await, at.reads()), (None, 1));
    at.app.put_platform_app("pigeon", "one", "abc").unwrap();
    assert_eq!((at.read(None).await, at.reads()), (None, 0));
    at.app.advance(SignedDuration::from_mins(5));
    assert_eq!((at.read(None).await, at.reads()), (app("one", 3), 1));
    for _ in 0..3 {
        assert_eq!((at.read(None).await, at.read(Some("one")).await), (app("one", 3), app("one", 3)));
    }
    assert_eq!(at.reads(), 0, "a warm function calls Secrets Manager");
    at.app.advance(SignedDuration::from_secs(299));
    assert_eq!((at.read(None).await, at.reads()), (app("one", 3), 0));
}

#[tokio::test]
async fn after_a_rotation_the_former_app_is_found_by_its_client_id() {
    let at = Place::new().await;
    at.app.put_platform_app("pigeon", "one", "a").unwrap();
    assert_eq!(at.read(None).await, app("one", 1));
    at.app.put_platform_app("pigeon", "two", "ab").unwrap();
    // A warm function knows only the former app, and finds the new one when a token of it comes.
    at.app.advance(SignedDuration::from_secs(10));
    assert_eq!(at.read(Some("two")).await, app("two", 2));
    assert_eq!(at.read(Some("one")).await, app("one", 1));
    assert_eq!(at.read(None).await, app("two", 2));
    at.reads();
    assert_eq!((at.read(Some("one")).await, at.reads()), (app("one", 1), 0), "the former app is not kept");
    // After one more rotation it is gone.
    at.app.put_platform_app("pigeon", "three", "abc").unwrap();
    at.app.advance(SignedDuration::from_mins(5));
    assert_eq!((at.read(Some("two")).await, at.read(Some("one")).await), (app("two", 2), None));
}

#[tokio::test]
async fn an_unknown_client_is_looked_for_every_ten_seconds_at_most() {
    let at = Place::new().await;
    at.app.put_platform_app("pigeon", "one", "a").unwrap();
    assert_eq!((at.read(Some("other")).await, at.reads()), (None, 2));
    assert_eq!((at.read(Some("other")).await, at.reads()), (None, 0));
    at.app.advance(SignedDuration::from_secs(10));
    assert_eq!((at.read(Some("other")).await, at.reads()), (None, 2));
}

#[tokio::test]
async fn an_app_that_the_platform_refused_is_read_again() {
    let at = Place::new().await;
    at.app.put_platform_app("pigeon", "one", "a").unwrap();
    assert_eq!(at.read(None).await, app("one", 1));
    at.app.put_platform_app("pigeon", "one", "abcdef").unwrap();
    assert_eq!(at.read(None).await, app("one", 1));
    at.answer(json!({ "refused": true })).await.expect(200);
    assert_eq!(at.read(None).await, app("one", 6));
}

#[tokio::test]
async fn an_app_that_was_read_is_used_while_secrets_manager_is_down() {
    let at = Place::new().await;
    at.app.put_platform_app("pigeon", "one", "a").unwrap();
    assert_eq!(at.read(None).await, app("one", 1));
    at.app.advance(SignedDuration::from_mins(5));
    let wire = at.app.wire(&READ);
    wire.take();
    assert_eq!(at.read(None).await, app("one", 1));
    let at_call = wire.take().iter().position(|call| call.starts_with("SecretsManager")).unwrap() + 1;
    at.app.advance(SignedDuration::from_mins(5));
    wire.arm(Fault::Refuse(at_call));
    assert_eq!(at.read(None).await, app("one", 1));
    assert!(!wire.is_armed(), "the call was not made");
}

#[tokio::test]
async fn a_malformed_secret_is_a_500_that_shows_nothing_of_it() {
    let at = Place::new().await;
    for secret in ["hunter2", r#"{"client_id": "hunter2"}"#, r#"{"client_id": "", "client_secret": "hunter2"}"#] {
        at.app.put_platform_secret("pigeon", secret).unwrap();
        at.app.forget_warm();
        let answer = at.answer(json!({})).await.expect(500);
        assert!(!answer.text.contains("hunter2"), "{}", answer.text);
    }
}

#[tokio::test]
#[should_panic(expected = "read-app-without makes calls that its GRANTS do not allow")]
async fn a_function_without_the_grant_reads_no_app() {
    let at = Place::new().await;
    at.app.put_platform_app("pigeon", "one", "a").unwrap();
    at.app.call(Request::to(&READ_WITHOUT).by(&at.owner).json(json!({}))).await;
}
