//! `GET /workspaces/{workspace_id}/posts/{post_id}/deliveries`: lists a post's deliveries.

use shared::prelude::route::*;
use shared::table::Entity;
use shared::tenancy::{Listing, Page, PageLimit};

use crate::delivery::{Delivery, deliveries_of};
use crate::permissions::ReadPosts;
use crate::post::{Post, PostId};
use crate::view::DeliveryView;

/// Lists a post's deliveries, newest first, with the published address or the platform's error and the remedy.
/// Cancelled and replaced deliveries are listed for 30 days.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListDeliveries {
    post_id: PostId,
    /// Deliveries per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListDeliveries>();

impl Endpoint for ListDeliveries {
    const ROUTE: Route = Route::get("list-deliveries", "/workspaces/{workspace_id}/posts/{post_id}/deliveries");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::DeriveKeys, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("posts"));
    type Access = Workspace<ReadPosts>;
    type Output = Reply<Listing<DeliveryView>>;

    async fn handle(self, workspace: &Workspace<ReadPosts>) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: true };
        let deliveries = workspace.page::<Delivery>(&deliveries_of(self.post_id), &page).await?;
        // A delivery without an expiry proves that its post exists, which saves a read. One with an expiry may outlive
        // a deleted post.
        if !deliveries.items.iter().any(|delivery| delivery.expires_at().is_none()) {
            workspace.get::<Post>(&self.post_id).await?;
        }
        Ok(Reply(deliveries.map(|delivery| DeliveryView::from(&*delivery))))
    }
}
