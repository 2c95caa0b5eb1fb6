//! `POST /invitations/accept`: joins a workspace by an emailed invitation.

use serde_json::json;
use shared::identity::Joining;
use shared::kernel::secrets::SecretText;
use shared::prelude::route::*;

use crate::audit_actions::MEMBER_JOINED;
use crate::joining::present;
use crate::problems;
use crate::workspace::{WORKSPACES_PER_USER, WorkspaceError, WorkspaceView};

/// Accepts an invitation. The caller becomes a member with the role of the invitation, which was sent to the address of the
/// caller's account. A repeated acceptance by the same user has the same response.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// The token of the emailed link.
    token: SecretText,
}

pub static FUNCTION: Function = Function::route::<AcceptInvitation>();

impl Endpoint for AcceptInvitation {
    const ROUTE: Route = Route::post("accept-invitation", "/invitations/accept");
    const GRANTS: &'static [Grant] = &[Grant::JoinWorkspaces, Grant::DeriveKeys, Grant::ReadUserRecords];
    const PROBLEMS: &'static [ProblemCode] = &[problems::TOO_MANY_WORKSPACES];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        6,
        "the caller's address, the membership and the invitation are read, and each workspace needs another STS session",
    );
    type Access = Joining;
    type Output = Reply<WorkspaceView>;

    async fn handle(self, caller: &Joining) -> Result<Self::Output, Problem> {
        let invited = present(caller, &self.token).await?;
        let detail = json!({ "role": invited.role(), "invitation": invited.invitation() });
        let audited = Changes::default().audit(&MEMBER_JOINED, caller.user()).detail(detail);
        let membership = invited.accept(WORKSPACES_PER_USER, WorkspaceError::TooMany, audited).await?;
        Ok(Reply(WorkspaceView::from(membership)))
    }
}
