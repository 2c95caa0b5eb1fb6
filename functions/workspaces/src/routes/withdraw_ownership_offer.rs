//! `DELETE /workspaces/{workspace_id}/ownership-offers/{user_id}`: withdraws or declines an offer of ownership.

use shared::identity::OwnershipOffer;
use shared::kernel::ids::UserId;
use shared::prelude::route::*;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{DeclaredPermission, Permission};

use crate::audit_actions::OWNERSHIP_OFFER_WITHDRAWN;
use crate::permissions::TransferOwnership;

/// Withdraws an offer of ownership. The member to whom it was made declines it the same way.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawOwnershipOffer {
    user_id: UserId,
}

const PATH: &str = "/workspaces/{workspace_id}/ownership-offers/{user_id}";

pub static FUNCTION: Function = Function::route::<WithdrawOwnershipOffer>();

impl Endpoint for WithdrawOwnershipOffer {
    const ROUTE: Route = Route::delete("withdraw-ownership-offer", PATH);
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ProveMembership];
    const SOME_NEED: &'static [DeclaredPermission] = &[TransferOwnership::DECLARED];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the offer is read");
    type Access = Workspace<ReadWorkspace>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        if self.user_id != workspace.user()? {
            workspace.permit::<TransferOwnership>()?;
        }
        let offer = workspace.get::<OwnershipOffer>(&self.user_id).await?;
        let audited = Changes::default().delete(&offer).audit(&OWNERSHIP_OFFER_WITHDRAWN, self.user_id);
        workspace.commit_in_role(audited).await?;
        Ok(NoContent)
    }
}
