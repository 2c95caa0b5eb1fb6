//! `GET /workspaces/{workspace_id}/channels/{channel_id}`: one channel and the state of its connection.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, Found, Route};
use shared::kernel::ids::WorkspaceId;
use shared::kernel::problems::Problem;
use shared::tenancy::{Reviewer, Workspace};
use utoipa::ToSchema;

use crate::channel::{Channel, ChannelId, ChannelView};

/// Reads one channel and the state of its connection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetChannel {
    #[serde(rename = "workspace_id")]
    _workspace_id: WorkspaceId,
    channel_id: ChannelId,
}

pub static FUNCTION: Function = Function::route::<GetChannel>();

impl Endpoint for GetChannel {
    const ROUTE: Route = Route::get("get-channel", "/workspaces/{workspace_id}/channels/{channel_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems];
    type Access = Workspace<Reviewer>;
    type Output = Found<ChannelView>;

    async fn handle(self, workspace: &Workspace<Reviewer>) -> Result<Self::Output, Problem> {
        let channel = workspace.get::<Channel>(&self.channel_id).await?;
        Ok(Found(ChannelView::from(&*channel)))
    }
}
