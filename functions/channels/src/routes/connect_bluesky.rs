//! `POST /workspaces/{workspace_id}/channels/bluesky`: connects a Bluesky account with an app password.

use futures::FutureExt;
use shared::prelude::route::*;
use shared::tenancy::{Limit, Scope};

use crate::bluesky::sign_in::{AppPassword, Identifier, SignedIn, service_or_default, sign_in, sign_out};
use crate::channel::{CHANNELS, Channel, ChannelId, ChannelView};
use crate::connecting::{SignedInAccount, keep};
use crate::permissions::ManageChannels;
use crate::platform::Platform;
use crate::problems;
use crate::server_address::Service;
use crate::session::{TOKEN_PURPOSE, Tokens};

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
        let service = service_or_default(self.service)?;
        // The one external effect that must precede the commit, because its result is committed.
        let signed_in = sign_in(workspace, &service, &self.identifier, &self.app_password).await?;
        let account = SignedInAccount {
            platform: Platform::Bluesky,
            service: service.as_text(),
            account_id: signed_in.account_id.to_string(),
            handle: signed_in.handle.clone(),
            server: signed_in.server.clone(),
            limits: None,
        };
        let tokens = |channel| sealed(workspace, channel, &signed_in).boxed();
        let kept = keep(workspace, &account, workspace.new_id(), tokens, |changes| changes).await;
        // After an internal error it is unknown whether the commit took place, so the session is kept.
        if kept.as_ref().is_err_and(|problem| problem.status() < 500) {
            sign_out(workspace, &signed_in).await;
        }
        kept.map(Created)
    }
}

async fn sealed(scope: &Scope, channel: ChannelId, account: &SignedIn) -> Result<Tokens, Problem> {
    let access = scope.seal(TOKEN_PURPOSE, &channel, &account.access).await?;
    let refresh = scope.seal(TOKEN_PURPOSE, &channel, &account.refresh).await?;
    let (access_expires_at, renewable_until) = (Some(account.access_expires_at), Some(account.renewable_until));
    Ok(Tokens { access, access_expires_at, refresh: Some(refresh), app: None, renewable_until })
}
