//! `POST /workspaces/{workspace_id}/channels/connections/{connection_id}/choose`: connects one of the offered accounts.

use futures::FutureExt;
use shared::prelude::route::*;
use shared::tenancy::Limit;

use crate::channel::{CHANNELS, Channel, ChannelId, ChannelView};
use crate::connecting::{SignedInAccount, keep};
use crate::pending_connection::{ConnectionError, ConnectionId, OfferedAccount, PendingConnection};
use crate::permissions::ManageChannels;
use crate::problems;
use crate::session::Tokens;

/// Connects one of the accounts that a completed connection offers.
///
/// An account that is already connected is reconnected under the same id.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseAccount {
    connection_id: ConnectionId,
    #[schema(max_length = 512, example = "mastodon.social/109302436954721982")]
    account_id: String,
}

const PATH: &str = "/workspaces/{workspace_id}/channels/connections/{connection_id}/choose";

pub static FUNCTION: Function = Function::route::<ChooseAccount>();

impl Endpoint for ChooseAccount {
    const ROUTE: Route = Route::post("choose-account", PATH);
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::OpenSecrets, Grant::SealSecrets];
    const REPEATABLE: Repeatable<Self> = Repeatable::recalled::<Channel>(ChannelView::recall);
    const PROBLEMS: &'static [ProblemCode] = problems::OF_CHOOSING;
    const PLAN_LIMITS: &'static [Limit] = &[CHANNELS];
    const VERSIONED: Option<Versioned> = Some(Versioned::made::<Channel>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(
        6,
        "the connection and the connected accounts are read, and of an account that is connected already its channel and tokens",
    );
    type Access = Workspace<ManageChannels>;
    type Output = Created<ChannelView>;

    async fn handle(self, workspace: &Workspace<ManageChannels>) -> Result<Self::Output, Problem> {
        ChannelView::vary(workspace)?;
        let pending = workspace.get::<PendingConnection>(&self.connection_id).await?;
        let chosen = pending.chosen(workspace.author(), &self.account_id, workspace.now())?;
        let tokens = |channel| sealed_for(workspace, &pending, chosen, channel).boxed();
        let account = SignedInAccount {
            platform: pending.platform,
            service: pending.service.clone(),
            account_id: chosen.account_id.clone(),
            handle: chosen.handle.clone(),
            server: chosen.server.clone(),
            limits: chosen.limits.clone(),
        };
        keep(workspace, &account, pending.channel, tokens, |changes| {
            changes.delete(&pending).or(ConnectionError::ModifiedConcurrently)
        })
        .await
        .map(Created)
    }
}

/// The tokens, sealed for the channel that gets them: for a new one they already are.
async fn sealed_for(
    workspace: &Workspace<ManageChannels>,
    pending: &PendingConnection,
    chosen: &OfferedAccount,
    channel: ChannelId,
) -> Result<Tokens, Problem> {
    let tokens = Tokens { app: Some(pending.app.clone()), ..chosen.tokens.clone() };
    if channel == pending.channel { Ok(tokens) } else { tokens.moved(workspace, pending.channel, channel).await }
}
