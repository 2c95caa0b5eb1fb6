//! `POST /workspaces/{workspace_id}/channels/connections`: starts to connect an account by OAuth.

use shared::crypto::random_token::RandomToken;
use shared::prelude::route::*;
use shared::tenancy::Changes;

use crate::adapter::{Adapter, Authorization};
use crate::audit_actions::CHANNEL_CONNECTION_STARTED;
use crate::operator_app::sealed;
use crate::pending_connection::{ConnectionView, PendingConnection, Progress};
use crate::permissions::ManageChannels;
use crate::platform::Platform;
use crate::problems;
use crate::server_address::Service;
use crate::session::TOKEN_PURPOSE;
use crate::with_adapter;

/// Starts to connect an account.
///
/// Returns the address where a person agrees. The platform then sends the browser to the page `/connect-channel` of the web
/// application, which posts the `code` and the `state` to complete the connection. It can be completed once, within 10
/// minutes, by the caller who started it. Nothing is connected until an account is chosen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartConnection {
    platform: Platform,
    /// The server where the account signs in. Mastodon needs it: `https://mastodon.social`.
    service: Option<Service>,
}

pub static FUNCTION: Function = Function::route::<StartConnection>();

impl Endpoint for StartConnection {
    const ROUTE: Route =
        Route::post("start-connection", "/workspaces/{workspace_id}/channels/connections").timeout_s(25);
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::SealSecrets, Grant::CallPlatforms, Grant::ReadPlatformApps];
    /// A repeat has no `authorization_url`, whose `state` is shown once.
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<PendingConnection>();
    const PROBLEMS: &'static [ProblemCode] = problems::OF_STARTING;
    const VERSIONED: Option<Versioned> = Some(Versioned::made::<PendingConnection>());
    type Access = Workspace<ManageChannels>;
    type Output = Created<ConnectionView>;

    async fn handle(self, workspace: &Workspace<ManageChannels>) -> Result<Self::Output, Problem> {
        let state = RandomToken::new(workspace.entropy());
        // 43 characters of base64url: a verifier of RFC 7636, section 4.1.
        let verifier = RandomToken::new(workspace.entropy()).into_secret();
        let asked = Authorization::new(workspace.page_url("connect-channel"), &state, &verifier);
        let begun = with_adapter!(self.platform, A => A::begin(workspace, self.service.as_ref(), &asked).await)?;
        let channel = workspace.new_id();
        let pending = PendingConnection {
            id: workspace.new_id(),
            platform: self.platform,
            service: begun.service,
            channel,
            app: sealed(workspace, channel, begun.client_id, begun.client_secret.as_ref()).await?,
            redirect_uri: asked.redirect_uri,
            by: workspace.author(),
            state: state.digest(),
            verifier: workspace.seal(TOKEN_PURPOSE, &channel, &verifier).await?,
            progress: Progress::begun(workspace.now()),
        };
        let changes = Changes::default().insert(&pending).audit(&CHANNEL_CONNECTION_STARTED, pending.id);
        workspace.commit(changes.detail(pending.facts())).await?;
        let authorization_url = Some(begun.authorization_url.into());
        Ok(Created(ConnectionView { authorization_url, ..ConnectionView::from(&pending) }))
    }
}
