//! A user with workspaces and personal access tokens, and stand-ins for routes of higher-level domains.

use profiles::routes::{create_access_token, list_access_tokens, revoke_access_token};
use serde::Deserialize;
use serde_json::{Value, json};
use shared::audit::AuditAction;
use shared::aws::grants::Grant;
use shared::crypto::digest::from_base64url;
use shared::function::Function;
use shared::http::{Accepted, Endpoint, NoContent, Reply, Route};
use shared::identity::{AccountChanges, EpochTurn, SessionOnly, SignedIn, Strength, TokenScope};
use shared::kernel::ids::{SessionId, UserId};
use shared::kernel::problems::Problem;
use shared::kernel::time::SignedDuration;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{Changes, Workspace};
use shared::testing::{Request, Response, TestApp};
use utoipa::ToSchema;

use test_support::people::*;

shared::permissions! {
    /// Writes posts.
    WritePosts;
}

static CREATED: AuditAction = AuditAction::named("workspace.created");

/// Creates a workspace.
#[derive(Deserialize, ToSchema)]
pub struct Found {}

pub static FOUND: Function = Function::route::<Found>();

impl Endpoint for Found {
    const ROUTE: Route = Route::post("found", "/workspaces");
    const GRANTS: &'static [Grant] = &[Grant::FoundWorkspaces, Grant::WriteItems];
    type Access = SignedIn;
    type Output = Reply<String>;

    async fn handle(self, caller: &SignedIn) -> Result<Self::Output, Problem> {
        let founding = caller.found_workspace();
        let changes = Changes::default().audit(&CREATED, founding.target());
        founding.commit("Test", 20, Problem::not_found(), changes).await?;
        Ok(Reply(founding.id().to_string()))
    }
}

#[derive(Deserialize, ToSchema)]
pub struct ReadPosts {}

pub static READ_POSTS: Function = Function::route::<ReadPosts>();

impl Endpoint for ReadPosts {
    const ROUTE: Route = Route::get("read-posts", "/workspaces/{workspace_id}/posts");
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("posts"));
    type Access = Workspace<ReadWorkspace>;
    type Output = Accepted;

    async fn handle(self, _: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        Ok(Accepted)
    }
}

#[derive(Deserialize, ToSchema)]
pub struct WritePost {}

pub static WRITE_POST: Function = Function::route::<WritePost>();

impl Endpoint for WritePost {
    const ROUTE: Route = Route::delete("write-post", "/workspaces/{workspace_id}/posts/{post_id}");
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("posts"));
    type Access = Workspace<WritePosts>;
    type Output = NoContent;

    async fn handle(self, _: &Workspace<WritePosts>) -> Result<Self::Output, Problem> {
        Ok(NoContent)
    }
}

/// A route that names no scope.
#[derive(Deserialize, ToSchema)]
pub struct ReadSettings {}

pub static READ_SETTINGS: Function = Function::route::<ReadSettings>();

impl Endpoint for ReadSettings {
    const ROUTE: Route = Route::get("read-settings", "/workspaces/{workspace_id}/settings");
    type Access = Workspace<ReadWorkspace>;
    type Output = Accepted;

    async fn handle(self, _: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        Ok(Accepted)
    }
}

/// A route whose handler needs the session itself.
#[derive(Deserialize, ToSchema)]
pub struct ReadSession {}

pub static READ_SESSION: Function = Function::route::<ReadSession>();

impl Endpoint for ReadSession {
    const ROUTE: Route = Route::get("read-session", "/workspaces/{workspace_id}/session");
    type Access = SessionOnly<Workspace<ReadWorkspace>>;
    type Output = Reply<SessionId>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        Ok(Reply(workspace.session()))
    }
}

/// The owner of two workspaces.
pub struct Owner {
    pub email: String,
    pub user: UserId,
    pub tokens: Value,
    pub workspaces: [String; 2],
}

impl Owner {
    /// A user who has just signed in with a second factor.
    pub async fn new(app: &TestApp) -> Self {
        let owner = Self::by_password(app).await;
        owner.prove_second_factor(app).await;
        owner
    }

    pub async fn prove_second_factor(&self, app: &TestApp) {
        let (session, accounts) = (session_of(&self.tokens), app.accounts());
        let epoch = accounts.epoch(self.user).await.unwrap();
        let proved = AccountChanges::default()
            .turn(self.user, epoch, EpochTurn::default().and_enrolling())
            .prove_factor(self.user, session, (Strength::Multi, epoch.with_other_factors()), app.now());
        accounts.commit(proved).await.unwrap();
    }

    pub async fn by_password(app: &TestApp) -> Self {
        let (email, user) = user(app).await;
        let tokens = login(app, &email, PASSWORD).await.expect(200).body;
        let mut workspaces = Vec::new();
        for _ in 0..2 {
            app.advance(SignedDuration::from_millis(1));
            let made = app.call(Request::to(&FOUND).bearer(bearer(&tokens))).await.expect(200);
            workspaces.push(made.body.as_str().unwrap().to_owned());
        }
        Self { email, user, tokens, workspaces: workspaces.try_into().unwrap() }
    }

    pub async fn ask(&self, app: &TestApp, route: &'static Function) -> Response {
        app.advance(SignedDuration::from_millis(1));
        app.call(Request::to(route).bearer(bearer(&self.tokens))).await
    }

    pub async fn make(&self, app: &TestApp, body: Value) -> Response {
        app.advance(SignedDuration::from_millis(1));
        app.call(Request::to(&create_access_token::FUNCTION).bearer(bearer(&self.tokens)).json(body)).await
    }

    /// Creates a token with these scopes.
    pub async fn made(&self, app: &TestApp, scopes: &[&str]) -> Value {
        self.make(app, json!({ "name": "Import", "scopes": scopes })).await.expect(201).body
    }

    pub async fn list(&self, app: &TestApp) -> Vec<Value> {
        let listed = self.ask(app, &list_access_tokens::FUNCTION).await.expect(200).body;
        listed["items"].as_array().unwrap().clone()
    }

    pub async fn revoke(&self, app: &TestApp, id: &Value) -> Response {
        let request = Request::to(&revoke_access_token::FUNCTION).bearer(bearer(&self.tokens));
        app.call(request.path("token_id", id.as_str().unwrap())).await
    }

    pub async fn events(&self, app: &TestApp, name: &str) -> Vec<Value> {
        let events = app.events_since(app.now() - SignedDuration::from_hours(1)).await.unwrap();
        let own = events.into_iter().filter(|event| event.name == name && event.subject == self.user.to_string());
        own.map(|event| event.detail).collect()
    }
}

pub fn bearer(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

pub fn session_of(tokens: &Value) -> SessionId {
    let claims = bearer(tokens).split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&from_base64url(claims).unwrap()).unwrap();
    claims["sid"].as_str().unwrap().parse().unwrap()
}

/// Calls a route of a workspace with a token.
pub async fn with(app: &TestApp, token: &Value, route: &'static Function, workspace: &str) -> Response {
    let request = Request::to(route).bearer(token["token"].as_str().unwrap());
    app.call(request.path("workspace_id", workspace).path("post_id", "post_1")).await
}

pub async fn me(app: &TestApp, token: &Value) -> Response {
    get_me(app, &token["token"]).await
}
