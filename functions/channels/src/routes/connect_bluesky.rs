//! `POST /workspaces/{workspace_id}/channels/bluesky`: connects a Bluesky account with an app password.

use shared::crypto::Sealed;
use shared::prelude::route::*;
use shared::table::Stored;
use shared::tenancy::{Limit, Scope};
use shared::work::contend;

use crate::audit_actions::{CHANNEL_CONNECTED, CHANNEL_RECONNECTED};
use crate::bluesky::sign_in::{AppPassword, Identifier, Service, SignedIn, sign_in, sign_out};
use crate::channel::{CHANNELS, Channel, ChannelError, ChannelId, ChannelView, ConnectedAccounts, Connection};
use crate::jobs::end_channel_session::EndChannelSession;
use crate::permissions::ManageChannels;
use crate::platform::Platform;
use crate::problems;
use crate::session::{ChannelSession, EndedSession, TOKEN_PURPOSE};

/// Connects a Bluesky account.
///
/// Signs in once with the app password, which is not stored, and keeps the tokens sealed. An account that is already
/// connected is reconnected under the same id.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectBluesky {
    /// The server where the account signs in; the default is `https://bsky.social`.
    service: Option<Service>,
    /// The account's handle, DID or email address.
    identifier: Identifier,
    /// An app password, created in Bluesky under Settings, Privacy and security, App passwords.
    app_password: AppPassword,
}

type Proof = Workspace<ManageChannels>;

pub static FUNCTION: Function = Function::route::<ConnectBluesky>();

impl Endpoint for ConnectBluesky {
    const ROUTE: Route = Route::post("connect-bluesky", "/workspaces/{workspace_id}/channels/bluesky").timeout_s(25);
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ProveToken, Grant::SealSecrets, Grant::CallPlatforms];
    const REPEATABLE: Repeatable<Self> = Repeatable::recalled::<Channel>(ChannelView::recall);
    const TOKEN: Option<TokenScope> = Some(TokenScope::write("channels"));
    const PROBLEMS: &'static [ProblemCode] = problems::OF_CONNECTING;
    const PLAN_LIMITS: &'static [Limit] = &[CHANNELS];
    const VERSIONED: Option<Versioned> = Some(Versioned::made::<Channel>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the connected accounts are read before connecting");
    type Access = Workspace<ManageChannels>;
    type Output = Created<ChannelView>;

    async fn handle(self, workspace: &Workspace<ManageChannels>) -> Result<Self::Output, Problem> {
        ChannelView::vary(workspace)?;
        let service = Service::or_default(self.service)?;
        // The one external effect that must precede the commit, because its result is committed.
        let account = sign_in(workspace, &service, &self.identifier, &self.app_password).await?;
        let conflict = problems::CHANNELS_MODIFIED_CONCURRENTLY.code;
        let kept = contend(conflict, || keep(workspace, &service, &account)).await;
        // After an internal error it is unknown whether the commit took place, so the session is kept.
        if kept.as_ref().is_err_and(|problem| problem.status() < 500) {
            sign_out(workspace, &account).await;
        }
        kept.map(Created)
    }
}

async fn keep(workspace: &Proof, service: &Service, account: &SignedIn) -> Result<ChannelView, Problem> {
    let accounts = workspace.find::<ConnectedAccounts>(ConnectedAccounts::KEY).await?;
    let known = accounts.as_ref().and_then(|listed| listed.channel_of(Platform::Bluesky, account.account_id.as_str()));
    match known {
        Some(channel) => reconnect(workspace, channel, service, account).await,
        None => connect(workspace, accounts, service, account).await,
    }
}

async fn connect(
    workspace: &Proof,
    accounts: Option<Stored<ConnectedAccounts>>,
    service: &Service,
    account: &SignedIn,
) -> Result<ChannelView, Problem> {
    let channel = Channel {
        id: workspace.new_id(),
        platform: Platform::Bluesky,
        service: service.as_text(),
        account_id: account.account_id.to_string(),
        handle: account.handle.clone(),
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
    let session = new_session(workspace, channel.id, account).await?;
    let changes = changes
        .or(ChannelError::ModifiedConcurrently)
        .insert(&channel)
        .insert(&session)
        .audit(&CHANNEL_CONNECTED, channel.id)
        .detail(channel.facts());
    workspace.commit(changes).await?;
    Ok(ChannelView::of(&channel, workspace.plan()))
}

/// Replaces the old tokens, whose session is ended after the commit.
async fn reconnect(
    workspace: &Proof,
    channel: ChannelId,
    service: &Service,
    account: &SignedIn,
) -> Result<ChannelView, Problem> {
    let mut channel = workspace.get::<Channel>(&channel).await?;
    let mut session = workspace.get::<ChannelSession>(&channel.id).await?;
    let ended = EndedSession::of(channel.platform, &session, workspace.new_id(), workspace.now());
    let (access, refresh) = sealed(workspace, channel.id, account).await?;
    session.renew(Some((access, account.access_expires_at)), Some(refresh), Some(account.server.clone()));
    channel.reconnect(service.as_text(), account.handle.clone(), workspace.author(), workspace.now());
    let changes = Changes::default()
        .replace(&channel)
        .or(ChannelError::ModifiedConcurrently)
        .replace(&session)
        .or(ChannelError::ModifiedConcurrently)
        .insert(&ended)
        .audit(&CHANNEL_RECONNECTED, channel.id)
        .detail(channel.facts())
        .send(&EndChannelSession { ended_session_id: ended.id });
    workspace.commit(changes).await?;
    Ok(ChannelView::of(&channel, workspace.plan()))
}

async fn new_session(scope: &Scope, channel: ChannelId, account: &SignedIn) -> Result<ChannelSession, Problem> {
    let (access, refresh) = sealed(scope, channel, account).await?;
    Ok(ChannelSession::new(channel, account.server.clone(), (access, account.access_expires_at), refresh))
}

async fn sealed(scope: &Scope, channel: ChannelId, account: &SignedIn) -> Result<(Sealed, Sealed), Problem> {
    let access = scope.seal(TOKEN_PURPOSE, &channel, &account.access).await?;
    let refresh = scope.seal(TOKEN_PURPOSE, &channel, &account.refresh).await?;
    Ok((access, refresh))
}
