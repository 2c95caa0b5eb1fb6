//! The job `expire-connections`: every hour, removes connections that were not finished in time, and ends their tokens.

use shared::prelude::job::*;
use shared::table::Stored;
use shared::tenancy::{AllWorkspaces, Changes};
use shared::work::each_due;

use crate::jobs::end_channel_session::EndChannelSession;
use crate::pending_connection::PendingConnection;
use crate::session::EndedSession;

#[derive(Deserialize)]
pub struct ExpireConnections {}

/// Why this job reads every workspace.
pub enum ConnectionsHaveExpired {}

impl Reason for ConnectionsHaveExpired {
    const WHY: &'static str = "removes connections that were not finished in time";
}

pub static FUNCTION: Function = Function::job::<ExpireConnections>();

impl Job for ExpireConnections {
    const JOB: Declaration = Declaration::new("expire-connections", Trigger::Schedule("rate(1 hour)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[Grant::ReadDue, Grant::ReadItems, Grant::WriteItems];
    type Access = AllWorkspaces<ConnectionsHaveExpired>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        each_due(workspaces, workspaces.now(), expire).await
    }
}

async fn expire(workspace: Tenant, pending: Stored<PendingConnection>) -> Result<(), Problem> {
    // An account was offered since it was read from the index.
    if !pending.is_expired(workspace.now()) {
        return Ok(());
    }
    let ended: Vec<_> = pending
        .offered()
        .iter()
        .map(|account| EndedSession::unused(&pending, account, workspace.new_id(), workspace.now()))
        .collect();
    let changes = Changes::default().delete(&pending).each(&ended, Changes::insert);
    let changes = changes.unaudited("nothing was connected");
    let end = |changes: shared::tenancy::Audited, ended: &EndedSession| {
        changes.send(&EndChannelSession { ended_session_id: ended.id })
    };
    match workspace.commit(ended.iter().fold(changes, end)).await {
        // It was completed or chosen a moment ago.
        Err(problem) if problem.status() == 409 => Ok(()),
        committed => committed,
    }
}
