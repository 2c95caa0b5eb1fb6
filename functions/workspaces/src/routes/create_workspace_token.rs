//! `POST /workspaces/{workspace_id}/tokens`: creates a token of the workspace. It is shown only once.

use profiles::access_token::{AccessTokenName, ExpiresInDays};
use serde_json::json;
use shared::identity::WORKSPACE_TOKENS;
use shared::identity::{NewWorkspaceToken, WorkspaceTokenTerms};
use shared::kernel::ids::WorkspaceTokenKind;
use shared::prelude::route::*;
use shared::tenancy::{AssignableRole, Limit};

use crate::audit_actions::WORKSPACE_TOKEN_CREATED;
use crate::permissions::ManageTokens;
use crate::problems;
use crate::token_scopes::WorkspaceScopes;
use crate::workspace_token::{IssuedWorkspaceToken, WorkspaceToken, WorkspaceTokenError};

/// Creates a token with which a program uses the workspace, limited by scopes, a role and an expiry. It belongs to the
/// workspace, and works on when its creator leaves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWorkspaceToken {
    name: AccessTokenName,
    scopes: WorkspaceScopes,
    /// The role whose permissions the scopes are limited by; `member` if it is omitted.
    #[serde(default = "member")]
    role: AssignableRole,
    #[serde(default)]
    expires_in_days: ExpiresInDays,
}

fn member() -> AssignableRole {
    AssignableRole::Member
}

pub static FUNCTION: Function = Function::route::<CreateWorkspaceToken>();

impl Endpoint for CreateWorkspaceToken {
    const ROUTE: Route = Route::post("create-workspace-token", "/workspaces/{workspace_id}/tokens");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeTokens, Grant::ProveMembership];
    const REPEATABLE: Repeatable<Self> =
        Repeatable::recalled::<WorkspaceTokenKind>(|id, workspace| Box::pin(recall(id, workspace)));
    const PLAN_LIMITS: &'static [Limit] = &[WORKSPACE_TOKENS];
    const PROBLEMS: &'static [ProblemCode] = &[problems::TOO_MANY_WORKSPACE_TOKENS];
    type Access = Fresh<Workspace<ManageTokens>>;
    type Output = Created<IssuedWorkspaceToken>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let Self { name, scopes, role, expires_in_days } = self;
        let token = WorkspaceToken::new(workspace, name, (role, &scopes), expires_in_days)?;
        let new = NewWorkspaceToken::of(workspace.id(), token.id, workspace.entropy());
        let refusal = WorkspaceTokenError::TooMany { limit: workspace.plan().limit(WORKSPACE_TOKENS) };
        let changes = Changes::default().insert(&token).count_up(WORKSPACE_TOKENS, workspace.plan(), refusal);
        let detail = json!({ "role": role, "scopes": token.scopes, "expires_at": token.expires_at });
        let audited = changes.audit(&WORKSPACE_TOKEN_CREATED, token.id).detail(detail);
        let WorkspaceToken { id, ref scopes, expires_at, .. } = token;
        let terms = WorkspaceTokenTerms { id, role, scopes: scopes.clone(), expires_at };
        workspace.create_token(&new, terms, audited).await?;
        Ok(Created(IssuedWorkspaceToken::new(&token, &new)))
    }
}

/// The secret of the first response is not stored, so a repeat cannot return it.
async fn recall(
    id: &str,
    workspace: &Fresh<Workspace<ManageTokens>>,
) -> Result<Created<IssuedWorkspaceToken>, Problem> {
    let id = id.parse().map_err(Problem::internal)?;
    Ok(Created(IssuedWorkspaceToken::shown_before(&*workspace.get::<WorkspaceToken>(&id).await?)))
}
