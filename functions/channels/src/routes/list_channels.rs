//! `GET /workspaces/{workspace_id}/channels`: the workspace's channels, the newest first.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Reply, Route};
use shared::identity::TokenScope;
use shared::kernel::problems::Problem;
use shared::tenancy::{Listing, Page, Workspace};
use utoipa::ToSchema;

use crate::channel::{Channel, ChannelView};
use crate::permissions::ReadChannels;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;

/// Lists the channels, the newest first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListChannels {
    /// 1 to 100; 50 if it is left out.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListChannels>();

impl Endpoint for ListChannels {
    const ROUTE: Route = Route::get("list-channels", "/workspaces/{workspace_id}/channels");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::DeriveKeys];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("channels"));
    type Access = Workspace<ReadChannels>;
    type Output = Reply<Listing<ChannelView>>;

    async fn handle(self, workspace: &Workspace<ReadChannels>) -> Result<Self::Output, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::invalid("limit", "must be a whole number from 1 to 100"));
        }
        let page = Page { limit, cursor: self.cursor, newest_first: true };
        let channels = workspace.page::<Channel>("", &page).await?;
        Ok(Reply(channels.map(|channel| ChannelView::from(&*channel))))
    }
}
