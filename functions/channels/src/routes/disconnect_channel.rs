//! `DELETE /workspaces/{workspace_id}/channels/{channel_id}`: disconnects a channel.

use shared::prelude::route::*;

use crate::audit_actions::CHANNEL_DISCONNECTED;
use crate::channel::{CHANNELS, Channel, ChannelError, ChannelId, ChannelView, ConnectedAccounts};
use crate::jobs::end_channel_session::EndChannelSession;
use crate::permissions::ManageChannels;
use crate::problems;
use crate::session::{ChannelSession, EndedSession};

/// Disconnects a channel.
///
/// Nothing is published to it from then on: its scheduled deliveries fail. The session on the platform ends shortly
/// afterwards.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisconnectChannel {
    channel_id: ChannelId,
}

pub static FUNCTION: Function = Function::route::<DisconnectChannel>();

impl Endpoint for DisconnectChannel {
    const ROUTE: Route = Route::delete("disconnect-channel", "/workspaces/{workspace_id}/channels/{channel_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::ProveToken];
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("channels"));
    const PROBLEMS: &'static [ProblemCode] = &[problems::CHANNELS_MODIFIED_CONCURRENTLY];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<Channel>());
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(5, "the channel, its session and the list of accounts are read and deleted together");
    type Access = Workspace<ManageChannels>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<ManageChannels>) -> Result<Self::Output, Problem> {
        ChannelView::vary(workspace)?;
        let channel = workspace.get::<Channel>(&self.channel_id).await?;
        let session = workspace.get::<ChannelSession>(&self.channel_id).await?;
        let mut accounts = workspace.get::<ConnectedAccounts>(ConnectedAccounts::KEY).await?;
        accounts.remove(&channel);
        // A job signs out, not this request: the commit could still fail, and the platform could be down for hours.
        let ended = EndedSession::of(channel.platform, &session, workspace.new_id(), workspace.now());
        let changes = Changes::default()
            .delete(&channel)
            .or(ChannelError::ModifiedConcurrently)
            .delete(&session)
            .or(ChannelError::ModifiedConcurrently)
            .replace(&accounts)
            .or(ChannelError::ModifiedConcurrently)
            .insert(&ended)
            .count_down(CHANNELS)
            .audit(&CHANNEL_DISCONNECTED, channel.id)
            .detail(serde_json::json!({ "platform": channel.platform, "account_id": channel.account_id }))
            .send(&EndChannelSession { ended_session_id: ended.id });
        let changes = changes.send_if(workspace.plan().after_removal(CHANNELS));
        workspace.commit(changes).await?;
        Ok(NoContent)
    }
}
