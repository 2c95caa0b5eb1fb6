//! `GET /workspaces/{workspace_id}/ownership-offers`: lists the offers of ownership.

use shared::identity::OwnershipOffer;
use shared::prelude::route::*;
use shared::tenancy::permissions::ReadWorkspace;
use shared::tenancy::{Listing, Page, PageLimit};

use crate::ownership::OwnershipOfferView;
use crate::permissions::TransferOwnership;

/// Lists the offers of ownership that can be accepted: all of them for an owner, for another member the one to them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListOwnershipOffers {
    /// Offers per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListOwnershipOffers>();

impl Endpoint for ListOwnershipOffers {
    const ROUTE: Route = Route::get("list-ownership-offers", "/workspaces/{workspace_id}/ownership-offers");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::DeriveKeys];
    type Access = Workspace<ReadWorkspace>;
    type Output = Reply<Listing<OwnershipOfferView>>;

    async fn handle(self, workspace: &Workspace<ReadWorkspace>) -> Result<Self::Output, Problem> {
        if workspace.permit::<TransferOwnership>().is_err() {
            let own = workspace.find::<OwnershipOffer>(&workspace.user()?).await?;
            let items = own.iter().map(|offer| OwnershipOfferView::from(&**offer)).collect();
            return Ok(Reply(Listing { items, next_cursor: None }));
        }
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: false };
        let offers = workspace.page::<OwnershipOffer>("", &page).await?;
        Ok(Reply(offers.map(|offer| OwnershipOfferView::from(&*offer))))
    }
}
