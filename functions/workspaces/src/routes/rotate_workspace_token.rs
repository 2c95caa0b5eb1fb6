//! `POST /workspaces/{workspace_id}/tokens/{token_id}/rotate`: gives a token another secret.

use profiles::access_token::ExpiresInDays;
use serde_json::json;
use shared::identity::{NewWorkspaceToken, Rotation};
use shared::kernel::ids::{WorkspaceTokenId, WorkspaceTokenKind};
use shared::prelude::route::*;

use crate::audit_actions::WORKSPACE_TOKEN_ROTATED;
use crate::permissions::ManageTokens;
use crate::problems;
use crate::workspace_token::{IssuedWorkspaceToken, OverlapHours, WorkspaceToken, WorkspaceTokenError};

/// Gives a token another secret, and another lifetime. The secret that worked until now works for the overlap, so that
/// programs can be changed one by one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateWorkspaceToken {
    token_id: WorkspaceTokenId,
    #[serde(default)]
    overlap_hours: OverlapHours,
    #[serde(default)]
    expires_in_days: ExpiresInDays,
}

pub static FUNCTION: Function = Function::route::<RotateWorkspaceToken>();

impl Endpoint for RotateWorkspaceToken {
    const ROUTE: Route = Route::post("rotate-workspace-token", "/workspaces/{workspace_id}/tokens/{token_id}/rotate");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeTokens, Grant::ProveMembership];
    const REPEATABLE: Repeatable<Self> =
        Repeatable::recalled::<WorkspaceTokenKind>(|id, workspace| Box::pin(recall(id, workspace)));
    const PROBLEMS: &'static [ProblemCode] = &[problems::TOO_MANY_TOKEN_SECRETS];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the token and the digests of its secrets are read");
    type Access = Fresh<Workspace<ManageTokens>>;
    type Output = Reply<IssuedWorkspaceToken>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let mut token = workspace.get::<WorkspaceToken>(&self.token_id).await?;
        let (overlap, now) = (self.overlap_hours.as_duration(), workspace.now());
        token.rotate(overlap, self.expires_in_days, now);
        let new = NewWorkspaceToken::of(workspace.id(), token.id, workspace.entropy());
        let detail = json!({ "overlap_hours": self.overlap_hours.get(), "expires_at": token.expires_at });
        let audited = Changes::default().replace(&token).audit(&WORKSPACE_TOKEN_ROTATED, token.id).detail(detail);
        let too_many = WorkspaceTokenError::TooManySecrets.into();
        let rotation = Rotation { overlap, expires_at: token.expires_at, too_many };
        workspace.rotate_token(token.id, &new, rotation, audited).await?;
        Ok(Reply(IssuedWorkspaceToken::new(&token, &new)))
    }
}

/// A repeat changes nothing: otherwise the retry of a lost response would end the secret that programs have.
async fn recall(id: &str, workspace: &Fresh<Workspace<ManageTokens>>) -> Result<Reply<IssuedWorkspaceToken>, Problem> {
    let id = id.parse().map_err(Problem::internal)?;
    Ok(Reply(IssuedWorkspaceToken::shown_before(&*workspace.get::<WorkspaceToken>(&id).await?)))
}
