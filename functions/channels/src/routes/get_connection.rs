//! `GET /workspaces/{workspace_id}/channels/connections/{connection_id}`: returns a connection and the accounts to choose from.

use shared::prelude::route::*;

use crate::pending_connection::{ConnectionId, ConnectionView, PendingConnection};
use crate::permissions::ManageChannels;

/// Returns a connection that was started, with the accounts to choose from once it is completed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetConnection {
    connection_id: ConnectionId,
}

pub static FUNCTION: Function = Function::route::<GetConnection>();

impl Endpoint for GetConnection {
    const ROUTE: Route =
        Route::get("get-connection", "/workspaces/{workspace_id}/channels/connections/{connection_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadItems];
    const VERSIONED: Option<Versioned> = Some(Versioned::of::<PendingConnection>());
    type Access = Workspace<ManageChannels>;
    type Output = Reply<ConnectionView>;

    async fn handle(self, workspace: &Workspace<ManageChannels>) -> Result<Self::Output, Problem> {
        let pending = workspace.get::<PendingConnection>(&self.connection_id).await?;
        Ok(Reply(ConnectionView::from(&*pending)))
    }
}
