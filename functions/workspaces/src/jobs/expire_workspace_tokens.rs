//! The job `expire-workspace-tokens`: every hour, removes the workspace tokens that have expired.
//!
//! An expired token is refused even before: admission compares its expiry with the clock.

use shared::identity::WORKSPACE_TOKENS;
use shared::prelude::job::*;
use shared::table::Stored;
use shared::tenancy::{AllWorkspaces, Changes};
use shared::work::each_due;

use crate::audit_actions::WORKSPACE_TOKEN_EXPIRED;
use crate::workspace_token::WorkspaceToken;

#[derive(Deserialize)]
pub struct ExpireWorkspaceTokens {}

/// Why this job reads every workspace.
pub enum TokensHaveExpired {}

impl Reason for TokensHaveExpired {
    const WHY: &'static str = "removes the workspace tokens that have expired";
}

pub static FUNCTION: Function = Function::job::<ExpireWorkspaceTokens>();

impl Job for ExpireWorkspaceTokens {
    const JOB: Declaration =
        Declaration::new("expire-workspace-tokens", Trigger::Schedule("rate(1 hour)")).timeout_s(300);
    const GRANTS: &'static [Grant] =
        &[Grant::ReadDue, Grant::ReadPlan, Grant::ReadItems, Grant::WriteItems, Grant::ChangeTokens];
    type Access = AllWorkspaces<TokensHaveExpired>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        each_due(workspaces, workspaces.now(), expire).await
    }
}

async fn expire(workspace: Tenant, token: Stored<WorkspaceToken>) -> Result<(), Problem> {
    // A token is also due when its admins are to be reminded.
    if !token.is_expired(workspace.now()) {
        return Ok(());
    }
    let changes = Changes::default().delete(&token).count_down(WORKSPACE_TOKENS);
    let changes = changes.audit(&WORKSPACE_TOKEN_EXPIRED, token.id);
    let changes = changes.send_if(workspace.plan().await?.after_removal(WORKSPACE_TOKENS));
    // One that was rotated or deleted since it was read is left alone.
    workspace.remove_expired_token(token.id, changes).await?;
    Ok(())
}
