//! `GET /workspaces/{workspace_id}/channels`: the workspace's channels, the newest first.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::problems::Problem;
use shared::tenancy::{Listing, Page, Reviewer, Workspace};
use utoipa::ToSchema;

use crate::channel::{Channel, ChannelView};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;

/// Lists the channels, the newest first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListChannels {
    #[serde(rename = "workspace_id")]
    _workspace_id: WorkspaceId,
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
    type Access = Workspace<Reviewer>;
    type Output = Found<Listing<ChannelView>>;

    async fn handle(self, workspace: &Workspace<Reviewer>) -> Result<Self::Output, Problem> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::invalid("limit", "must be a whole number from 1 to 100"));
        }
        let page = Page { limit, cursor: self.cursor, newest_first: true };
        let channels = workspace.page::<Channel>("", &page).await?;
        Ok(Found(channels.map(|channel| ChannelView::from(&*channel))))
    }
}
