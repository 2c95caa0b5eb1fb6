//! `PUT /workspaces/{workspace_id}/ownership-offers/{user_id}`: offers the ownership to a member.

use mail::SendEmail;
use shared::identity::{Handover, Member, OwnershipOffer};
use shared::kernel::ids::UserId;
use shared::prelude::route::*;

use crate::audit_actions::OWNERSHIP_OFFERED;
use crate::letters;
use crate::ownership::{OwnershipOfferView, require_account, require_role};
use crate::permissions::TransferOwnership;
use crate::problems;

/// Offers the ownership to a member, who is notified and can accept within 7 days. A new offer replaces an earlier one to
/// the same member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferOwnership {
    user_id: UserId,
    /// Whether the caller remains an owner.
    handover: Handover,
}

pub static FUNCTION: Function = Function::route::<OfferOwnership>();

impl Endpoint for OfferOwnership {
    const ROUTE: Route = Route::put("offer-ownership", "/workspaces/{workspace_id}/ownership-offers/{user_id}");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ProveMembership, Grant::ReadUserRecords, Grant::ReadAddresses];
    const PROBLEMS: &'static [ProblemCode] = &[
        problems::ALREADY_OWNER,
        problems::OWNERSHIP_FOR_REVIEWER,
        problems::OWNERSHIP_FOR_UNVERIFIED,
        problems::OWNERSHIP_FOR_DELETED,
    ];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(5, "the member is read, with the account and the address of the user");
    type Access = Fresh<Workspace<TransferOwnership>>;
    type Output = Reply<OwnershipOfferView>;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        let member = workspace.get::<Member>(&self.user_id).await?;
        require_role(member.role)?;
        require_account(workspace, &member).await?;
        let offer = OwnershipOffer::new(workspace, self.user_id, self.handover)?;
        let letter = letters::ownership_offered(workspace.name(), offer.ends_at());
        let audited = Changes::default()
            .unchanged(&member)
            .overwrite(&offer)
            .audit(&OWNERSHIP_OFFERED, self.user_id)
            .detail(self.handover)
            .send(&SendEmail::to_user(self.user_id, letter));
        workspace.commit_in_role(audited).await?;
        Ok(Reply(OwnershipOfferView::from(&offer)))
    }
}
