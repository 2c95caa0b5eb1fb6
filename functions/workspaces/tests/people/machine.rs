//! Programs with tokens of a workspace, and stand-ins for the routes of higher-level domains that they use.

use serde::Deserialize;
use serde_json::{Value, json};
use shared::audit::{AuditAction, Target};
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route, UserLimit};
use shared::identity::{SessionOnly, TokenScope};
use shared::kernel::author::Author;
use shared::kernel::ids::WorkspaceId;
use shared::kernel::problem_codes::SESSION_NEEDED;
use shared::kernel::problems::{Problem, ProblemCode};
use shared::kernel::time::SignedDuration;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{Changes, Workspace};
use shared::testing::{Request, Response};
use utoipa::ToSchema;
use workspaces::permissions::ManageWorkspace;
use workspaces::routes::{
    create_workspace_token, delete_workspace_token, get_workspace, list_workspace_tokens, rotate_workspace_token,
};

use crate::team::{Known, Team};

static NOTED: AuditAction = AuditAction::named("note.written");

/// Writes something that is audited, and shows its author.
#[derive(Deserialize, ToSchema)]
pub struct WriteNote {}

pub static WRITE_NOTE: Function = Function::route::<WriteNote>();

impl Endpoint for WriteNote {
    const ROUTE: Route = Route::put("write-note", "/workspaces/{workspace_id}/note");
    const GRANTS: &'static [Grant] = &[Grant::WriteItems, Grant::ProveToken];
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("posts"));
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<Author>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        workspace.commit(Changes::default().audit(&NOTED, Target::from(workspace.id()))).await?;
        Ok(Reply(workspace.author()))
    }
}

/// A route for admins, with a limit on each caller.
#[derive(Deserialize, ToSchema)]
pub struct ManageNote {}

pub static MANAGE_NOTE: Function = Function::route::<ManageNote>();

impl Endpoint for ManageNote {
    const ROUTE: Route = Route::get("manage-note", "/workspaces/{workspace_id}/note");
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("posts"));
    const LIMIT: Option<UserLimit> = Some(UserLimit { requests: 2, seconds: 60 });
    type Access = Workspace<ManageWorkspace>;
    type Output = Reply<Author>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        Ok(Reply(workspace.author()))
    }
}

/// A route whose handler needs the user, although it accepts tokens.
#[derive(Deserialize, ToSchema)]
pub struct NeedUser {}

pub static NEED_USER: Function = Function::route::<NeedUser>();

impl Endpoint for NeedUser {
    const ROUTE: Route = Route::get("need-user", "/workspaces/{workspace_id}/user");
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("posts"));
    const PROBLEMS: &'static [ProblemCode] = &[SESSION_NEEDED];
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<String>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        Ok(Reply(workspace.user()?.to_string()))
    }
}

/// A route for sessions.
#[derive(Deserialize, ToSchema)]
pub struct NeedSession {}

pub static NEED_SESSION: Function = Function::route::<NeedSession>();

impl Endpoint for NeedSession {
    const ROUTE: Route = Route::get("need-session", "/workspaces/{workspace_id}/session");
    type Access = SessionOnly<Workspace<ReadWorkspace>>;
    type Output = Reply<String>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        Ok(Reply(workspace.session().to_string()))
    }
}

/// The scopes of [`Team::machine`].
pub const SCOPES: [&str; 2] = ["posts:write", "workspaces:read"];

impl Team {
    pub fn creating(&self, by: &Known, body: Value) -> Request {
        self.app.advance(SignedDuration::from_millis(1));
        self.to(&create_workspace_token::FUNCTION, by).json(body)
    }

    pub async fn create_token(&self, body: Value) -> Response {
        self.app.call(self.creating(&self.owner, body)).await
    }

    /// A new token of the owner's workspace: its id and its secret.
    pub async fn machine(&self) -> (String, String) {
        let made = self.create_token(json!({ "name": "Import", "scopes": SCOPES })).await.expect(201).body;
        (text(&made["id"]), text(&made["token"]))
    }

    pub fn rotating(&self, id: &str, body: Value) -> Request {
        self.to(&rotate_workspace_token::FUNCTION, &self.owner).path("token_id", id).json(body)
    }

    /// The new secret.
    pub async fn rotate(&self, id: &str, overlap_hours: u32) -> String {
        let body = json!({ "overlap_hours": overlap_hours });
        text(&self.app.call(self.rotating(id, body)).await.expect(200).body["token"])
    }

    pub async fn delete_token(&self, id: &str) -> Response {
        self.app.call(self.to(&delete_workspace_token::FUNCTION, &self.owner).path("token_id", id)).await
    }

    pub async fn tokens(&self) -> Vec<Value> {
        let listed = self.app.call(self.to(&list_workspace_tokens::FUNCTION, &self.owner)).await.expect(200).body;
        listed["items"].as_array().unwrap().clone()
    }

    /// A request with a token to a route of a workspace.
    pub fn with(&self, secret: &str, function: &'static Function, workspace: WorkspaceId) -> Request {
        Request::to(function).bearer(secret).path("workspace_id", workspace)
    }

    /// The same in the owner's workspace.
    pub fn by_token(&self, secret: &str, function: &'static Function) -> Request {
        self.with(secret, function, self.owner.person.workspace)
    }

    /// The status of a read with a token.
    pub async fn works(&self, secret: &str) -> u16 {
        self.app.call(self.by_token(secret, &get_workspace::FUNCTION)).await.status
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
