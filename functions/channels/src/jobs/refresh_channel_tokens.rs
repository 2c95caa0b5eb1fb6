//! The job `refresh-channel-tokens`: every 15 minutes, renews sessions that would be lost, and repeats renewals with an unknown
//! outcome.

use shared::kernel::time::SignedDuration;
use shared::prelude::job::*;
use shared::table::Stored;
use shared::tenancy::AllWorkspaces;
use shared::work::each_due;

use crate::channel::Channel;
use crate::renewal::renew_ahead;
use crate::session::ChannelSession;
use crate::with_adapter;

#[derive(Deserialize)]
pub struct RefreshChannelTokens {}

/// Why this job reads every workspace.
pub enum SessionsWouldEnd {}

impl Reason for SessionsWouldEnd {
    const WHY: &'static str = "renews the sessions of channels on which nothing was published for a long time";
}

pub static FUNCTION: Function = Function::job::<RefreshChannelTokens>();

impl Job for RefreshChannelTokens {
    const JOB: Declaration =
        Declaration::new("refresh-channel-tokens", Trigger::Schedule("rate(15 minutes)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadDue,
        Grant::ReadItems,
        Grant::WriteItems,
        Grant::OpenSecrets,
        Grant::ResealSecrets,
        Grant::CallPlatforms,
        Grant::ReadPlatformApps,
    ];
    type Access = AllWorkspaces<SessionsWouldEnd>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        each_due(workspaces, workspaces.now(), |workspace, session| async move {
            // What is left is still due for the next run.
            if workspaces.context().left(workspaces.now()) < RESERVED {
                return Ok(());
            }
            renew(workspace, session).await
        })
        .await
    }
}

/// One renewal: reads, a call of at most ten seconds, and a commit.
const RESERVED: SignedDuration = SignedDuration::from_secs(20);

async fn renew(workspace: Tenant, session: Stored<ChannelSession>) -> Result<(), Problem> {
    // Not found: disconnected a moment ago.
    let Some(channel) = workspace.find::<Channel>(&session.channel()).await? else { return Ok(()) };
    with_adapter!(channel.platform, A => renew_ahead::<A>(&workspace, &channel, session).await)
}
