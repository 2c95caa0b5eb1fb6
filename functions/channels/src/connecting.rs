//! Connecting an account: a new channel, or the same channel with new tokens.

use futures::future::BoxFuture;
use shared::kernel::problems::Problem;
use shared::table::Stored;
use shared::tenancy::{Changes, Workspace};
use shared::work::contend;

use crate::audit_actions::{CHANNEL_CONNECTED, CHANNEL_RECONNECTED};
use crate::channel::{CHANNELS, Channel, ChannelError, ChannelId, ChannelView, ConnectedAccounts, Connection};
use crate::jobs::end_channel_session::EndChannelSession;
use crate::limits::Limits;
use crate::permissions::ManageChannels;
use crate::platform::Platform;
use crate::problems;
use crate::session::{ChannelSession, EndedSession, Tokens};

/// An account that a person has signed in to.
pub struct SignedInAccount {
    pub platform: Platform,
    /// Where the account signs in.
    pub service: String,
    pub account_id: String,
    pub handle: String,
    /// The server's API, as the platform states it.
    pub server: String,
    /// The limits of the account or its server, if they differ from the platform's.
    pub limits: Option<Limits>,
}

type Proof = Workspace<ManageChannels>;

/// Keeps an account. One that is connected already keeps its channel, and its old tokens are ended after the commit.
///
/// `new_channel` is the id of a new channel. `tokens` seals the tokens for a channel. `with` adds what is committed together
/// with the account.
pub async fn keep<'a>(
    workspace: &Proof,
    account: &SignedInAccount,
    new_channel: ChannelId,
    tokens: impl Fn(ChannelId) -> BoxFuture<'a, Result<Tokens, Problem>> + Sync,
    with: impl Fn(Changes) -> Changes + Sync,
) -> Result<ChannelView, Problem> {
    let conflict = problems::CHANNELS_MODIFIED_CONCURRENTLY.code;
    let (tokens, with) = (&tokens, &with);
    contend(conflict, || async move {
        let accounts = workspace.find::<ConnectedAccounts>(ConnectedAccounts::KEY).await?;
        let known = accounts.as_ref().and_then(|listed| listed.channel_of(account.platform, &account.account_id));
        match known {
            Some(channel) => reconnect(workspace, account, channel, tokens(channel).await?, with).await,
            None => connect(workspace, account, accounts, (new_channel, tokens(new_channel).await?), with).await,
        }
    })
    .await
}

async fn connect(
    workspace: &Proof,
    account: &SignedInAccount,
    accounts: Option<Stored<ConnectedAccounts>>,
    (id, tokens): (ChannelId, Tokens),
    with: impl Fn(Changes) -> Changes,
) -> Result<ChannelView, Problem> {
    let channel = Channel {
        id,
        platform: account.platform,
        service: account.service.clone(),
        account_id: account.account_id.clone(),
        handle: account.handle.clone(),
        own_limits: account.limits.clone(),
        connection: Connection::Connected,
        connected_at: workspace.now(),
        connected_by: workspace.author(),
    };
    // First, so that a request which is over the limit and also conflicts gets the limit.
    let refusal = ChannelError::TooMany { limit: workspace.plan().limit(CHANNELS) };
    let changes = Changes::default().count_up(CHANNELS, workspace.plan(), refusal);
    let changes = match accounts {
        Some(mut accounts) => {
            accounts.add(&channel);
            changes.replace(&accounts)
        }
        None => {
            let mut accounts = ConnectedAccounts::default();
            accounts.add(&channel);
            changes.insert(&accounts)
        }
    };
    let changes = changes.or(ChannelError::ModifiedConcurrently).insert(&channel).insert(&ChannelSession::new(
        channel.id,
        account.server.clone(),
        tokens,
        workspace.now(),
    ));
    let changes = with(changes).audit(&CHANNEL_CONNECTED, channel.id).detail(channel.facts());
    workspace.commit(changes).await?;
    Ok(ChannelView::of(&channel, workspace.plan()))
}

/// Replaces the old tokens, whose session is ended after the commit.
async fn reconnect(
    workspace: &Proof,
    account: &SignedInAccount,
    channel: ChannelId,
    tokens: Tokens,
    with: impl Fn(Changes) -> Changes,
) -> Result<ChannelView, Problem> {
    let mut channel = workspace.get::<Channel>(&channel).await?;
    let mut session = workspace.get::<ChannelSession>(&channel.id).await?;
    let ended = EndedSession::of(channel.platform, &session, workspace.new_id(), workspace.now());
    session.replace(tokens, account.server.clone(), workspace.now());
    channel.reconnect(account, workspace.author(), workspace.now());
    let changes = Changes::default()
        .replace(&channel)
        .or(ChannelError::ModifiedConcurrently)
        .replace(&session)
        .or(ChannelError::ModifiedConcurrently)
        .insert(&ended);
    let changes = with(changes)
        .audit(&CHANNEL_RECONNECTED, channel.id)
        .detail(channel.facts())
        .send(&EndChannelSession { ended_session_id: ended.id });
    workspace.commit(changes).await?;
    Ok(ChannelView::of(&channel, workspace.plan()))
}
