//! `POST /workspaces/{workspace_id}/channels/connections/{connection_id}/complete`: redeems the code of an OAuth platform.

use shared::kernel::secrets::SecretText;
use shared::prelude::route::*;
use shared::table::Stored;
use shared::tenancy::Changes;

use crate::adapter::{Adapter, Code};
use crate::audit_actions::CHANNEL_AUTHORISED;
use crate::operator_app::opened;
use crate::pending_connection::{ConnectionError, ConnectionId, ConnectionView, PendingConnection};
use crate::permissions::ManageChannels;
use crate::problems;
use crate::session::TOKEN_PURPOSE;
use crate::with_adapter;

/// Completes a connection with the code that the platform sent the browser back with, and returns the accounts to choose
/// from.
///
/// A code is redeemed once, whatever comes of it: after an error, start another connection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteConnection {
    connection_id: ConnectionId,
    /// `code` of the page's query.
    #[schema(value_type = String, min_length = 1, max_length = 2048, example = "k3Jm7cX2_example")]
    code: SecretText,
    /// `state` of the page's query.
    #[schema(value_type = String, min_length = 1, max_length = 128, example = "uUYq0Vw3m1_example")]
    state: SecretText,
}

const PATH: &str = "/workspaces/{workspace_id}/channels/connections/{connection_id}/complete";

pub static FUNCTION: Function = Function::route::<CompleteConnection>();

impl Endpoint for CompleteConnection {
    const ROUTE: Route = Route::post("complete-connection", PATH).timeout_s(28);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadItems,
        Grant::WriteItems,
        Grant::OpenSecrets,
        Grant::SealSecrets,
        Grant::CallPlatforms,
        Grant::ReadPlatformApps,
    ];
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<PendingConnection>();
    const PROBLEMS: &'static [ProblemCode] = problems::OF_COMPLETING;
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<PendingConnection>());
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(4, "the connection is read, its code is taken before it is redeemed, and the tokens are kept");
    type Access = Workspace<ManageChannels>;
    type Output = Reply<ConnectionView>;

    async fn handle(self, workspace: &Workspace<ManageChannels>) -> Result<Self::Output, Problem> {
        let mut pending = workspace.get::<PendingConnection>(&self.connection_id).await?;
        pending.redeem(workspace.author(), self.state.expose(), workspace.now())?;
        let taken = replaced(&pending).unaudited("the code is redeemed next: what it brings is audited");
        workspace.commit(taken).await?;
        pending.committed();
        let code = Code {
            code: self.code,
            verifier: workspace.open(TOKEN_PURPOSE, &pending.channel, &pending.verifier).await?,
            client_secret: opened(workspace, pending.platform, pending.channel, &pending.app).await?.client_secret,
        };
        let accounts = with_adapter!(pending.platform, A => A::redeem(workspace, &pending, &code).await)?;
        pending.offer(accounts, workspace.now());
        let authorised = replaced(&pending).audit(&CHANNEL_AUTHORISED, pending.id).detail(pending.facts());
        workspace.commit(authorised).await?;
        Ok(Reply(ConnectionView::from(&*pending)))
    }
}

fn replaced(pending: &Stored<PendingConnection>) -> Changes {
    Changes::default().replace(pending).or(ConnectionError::ModifiedConcurrently)
}
