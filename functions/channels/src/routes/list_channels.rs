//! `GET /workspaces/{workspace_id}/channels`: lists the workspace's channels, newest first.

use shared::prelude::route::*;
use shared::tenancy::{Listing, Page, PageLimit};

use crate::channel::{Channel, ChannelView};
use crate::permissions::ReadChannels;

/// Lists the workspace's channels, newest first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListChannels {
    /// Channels per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListChannels>();

impl Endpoint for ListChannels {
    const ROUTE: Route = Route::get("list-channels", "/workspaces/{workspace_id}/channels");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::DeriveKeys, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("channels"));
    type Access = Workspace<ReadChannels>;
    type Output = Reply<Listing<ChannelView>>;

    async fn handle(self, workspace: &Workspace<ReadChannels>) -> Result<Self::Output, Problem> {
        let page = Page { limit: self.limit.get(), cursor: self.cursor, newest_first: true };
        let channels = workspace.page::<Channel>("", &page).await?;
        Ok(Reply(channels.map(|channel| ChannelView::of(&channel, workspace.plan()))))
    }
}
