//! `DELETE /workspaces/{workspace_id}/channels/{channel_id}`: disconnects an account.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::http::{Endpoint, NoContent, Route};
use shared::kernel::problems::Problem;
use shared::tenancy::{Admin, Changes, Workspace};
use utoipa::ToSchema;

use crate::channel::{Channel, ChannelError, ChannelId, ConnectedAccounts};
use crate::end_channel_session::EndChannelSession;
use crate::session::{ChannelSession, EndedSession};

/// From the commit on, nothing is published to the account: deliveries that were scheduled for it fail.
/// The session on the platform is ended by a job after the commit, because a request tells no platform
/// anything: the commit could still fail, and the platform could be down for hours.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisconnectChannel {
    channel_id: ChannelId,
}

pub static FUNCTION: Function = Function::route::<DisconnectChannel>();

impl Endpoint for DisconnectChannel {
    const ROUTE: Route = Route::delete("disconnect-channel", "/workspaces/{workspace_id}/channels/{channel_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems];
    type Access = Workspace<Admin>;
    type Output = NoContent;

    async fn handle(self, workspace: &Workspace<Admin>) -> Result<Self::Output, Problem> {
        let channel = workspace.get::<Channel>(&self.channel_id).await?;
        let session = workspace.get::<ChannelSession>(&self.channel_id).await?;
        let mut accounts = workspace.get::<ConnectedAccounts>(ConnectedAccounts::KEY).await?;
        accounts.remove(&channel);
        let ended = EndedSession::of(&session, workspace.new_id(), workspace.now());
        let changes = Changes::default()
            .delete(&channel)
            .or(ChannelError::ChangedMeanwhile)
            .delete(&session)
            .or(ChannelError::ChangedMeanwhile)
            .replace(&accounts)
            .or(ChannelError::ChangedMeanwhile)
            .insert(&ended)
            .audit("channel.disconnected", channel.id)
            .detail(serde_json::json!({ "platform": channel.platform, "account_id": channel.account_id }))
            .send(&EndChannelSession { ended_session_id: ended.id });
        workspace.commit(changes).await?;
        Ok(NoContent)
    }
}
