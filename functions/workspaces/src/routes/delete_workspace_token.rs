//! `DELETE /workspaces/{workspace_id}/tokens/{token_id}`: deletes a token of the workspace.

use shared::identity::WORKSPACE_TOKENS;
use shared::kernel::ids::WorkspaceTokenId;
use shared::prelude::route::*;

use crate::audit_actions::WORKSPACE_TOKEN_DELETED;
use crate::permissions::ManageTokens;
use crate::workspace_token::WorkspaceToken;

/// Deletes a token of the workspace: all of its secrets are refused from the next request on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteWorkspaceToken {
    token_id: WorkspaceTokenId,
}

pub static FUNCTION: Function = Function::route::<DeleteWorkspaceToken>();

impl Endpoint for DeleteWorkspaceToken {
    const ROUTE: Route = Route::delete("delete-workspace-token", "/workspaces/{workspace_id}/tokens/{token_id}");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeTokens, Grant::ProveMembership];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the token is read, whose record is deleted with its proof");
    // No fresh factor is required: an admin who sees a leaked token must be able to end it at once.
    type Access = Workspace<ManageTokens>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let token = workspace.get::<WorkspaceToken>(&self.token_id).await?;
        let changes = Changes::default().delete(&token).count_down(WORKSPACE_TOKENS);
        let changes = changes.audit(&WORKSPACE_TOKEN_DELETED, token.id);
        let changes = changes.send_if(workspace.plan().after_removal(WORKSPACE_TOKENS));
        workspace.delete_token(token.id, changes).await?;
        Ok(NoContent)
    }
}
