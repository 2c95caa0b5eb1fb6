//! `PUT /workspaces/{workspace_id}/ownership`: accepts the ownership that was offered to the caller.

use mail::SendEmail;
use shared::identity::OwnershipOffer;
use shared::prelude::route::*;
use shared::tenancy::Role;
use shared::tenancy::permissions::ReadWorkspace;

use crate::audit_actions::OWNERSHIP_ACCEPTED;
use crate::letters;
use crate::ownership::{OwnershipError, require_role};
use crate::problems;

/// Accepts the ownership that an owner offered to the caller. Owners need a second factor, so the caller must have used one.
/// Repeating it changes nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptOwnership {}

pub static FUNCTION: Function = Function::route::<AcceptOwnership>();

impl Endpoint for AcceptOwnership {
    const ROUTE: Route = Route::put("accept-ownership", "/workspaces/{workspace_id}/ownership");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeRoles];
    const PROBLEMS: &'static [ProblemCode] = &[problems::NO_OWNERSHIP_OFFER, problems::OWNERSHIP_FOR_REVIEWER];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the offer is read");
    type Access = Fresh<Workspace<ReadWorkspace>>;
    type Output = NoContent;

    async fn handle(self, workspace: &Self::Access) -> Result<Self::Output, Problem> {
        if workspace.role() == Role::Owner {
            return Ok(NoContent);
        }
        workspace.require_second_factor()?;
        let offer = workspace.find::<OwnershipOffer>(&workspace.user()?).await?.ok_or(OwnershipError::NoOffer)?;
        require_role(workspace.role())?;
        let letter = letters::ownership_accepted(workspace.name(), workspace.now());
        let audited = Changes::default()
            .audit(&OWNERSHIP_ACCEPTED, workspace.user()?)
            .detail(serde_json::json!({ "from": offer.from(), "handover": offer.handover() }))
            .send(&SendEmail::to_user(offer.from(), letter));
        workspace.accept_ownership(&offer, audited).await?;
        Ok(NoContent)
    }
}
