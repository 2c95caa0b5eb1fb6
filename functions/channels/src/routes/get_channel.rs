//! `GET /workspaces/{workspace_id}/channels/{channel_id}`: reads a channel and the state of its connection.

use shared::prelude::route::*;

use crate::channel::{Channel, ChannelId, ChannelView};
use crate::permissions::ReadChannels;

/// Reads a channel and the state of its connection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetChannel {
    channel_id: ChannelId,
}

pub static FUNCTION: Function = Function::route::<GetChannel>();

impl Endpoint for GetChannel {
    const ROUTE: Route = Route::get("get-channel", "/workspaces/{workspace_id}/channels/{channel_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::ServeOverrides];
    const TOKEN: Option<TokenScope> = Some(TokenScope::read("channels"));
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Channel>());
    type Access = Workspace<ReadChannels>;
    type Output = Reply<ChannelView>;

    async fn handle(self, workspace: &Workspace<ReadChannels>) -> Result<Self::Output, Problem> {
        ChannelView::vary(workspace)?;
        let channel = workspace.get::<Channel>(&self.channel_id).await?;
        Ok(Reply(ChannelView::of(&channel, workspace.plan())))
    }
}
