//! `POST /invitations/decline`: declines an emailed invitation.

use shared::identity::Joining;
use shared::kernel::secrets::SecretText;
use shared::prelude::route::*;

use crate::audit_actions::INVITATION_DECLINED;
use crate::joining::present;

/// Declines an invitation, which was sent to the address of the caller's account. It cannot be accepted afterwards.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclineInvitation {
    /// The token of the emailed link.
    token: SecretText,
}

pub static FUNCTION: Function = Function::route::<DeclineInvitation>();

impl Endpoint for DeclineInvitation {
    const ROUTE: Route = Route::post("decline-invitation", "/invitations/decline");
    const GRANTS: &'static [Grant] = &[Grant::JoinWorkspaces, Grant::DeriveKeys, Grant::ReadUserRecords];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(5, "the caller's address, the membership and the invitation are read");
    type Access = Joining;
    type Output = NoContent;

    async fn handle(self, caller: &Joining) -> Result<Self::Output, Problem> {
        let invited = present(caller, &self.token).await?;
        invited.decline(Changes::default().audit(&INVITATION_DECLINED, invited.invitation())).await?;
        Ok(NoContent)
    }
}
