//! The job `end-channel-session`: signs out of a platform after a channel was disconnected or reconnected.

use shared::prelude::job::*;
use shared::tenancy::Changes;

use crate::adapter::Adapter;
use crate::session::{EndedSession, EndedSessionId};
use crate::with_adapter;

/// The command and its job. It has only an id: the token stays sealed in the item.
#[derive(Serialize, Deserialize)]
pub struct EndChannelSession {
    pub ended_session_id: EndedSessionId,
}

pub static FUNCTION: Function = Function::job::<EndChannelSession>();

impl Message for EndChannelSession {
    const NAME: &'static str = "end-channel-session";
}

impl Job for EndChannelSession {
    const JOB: Declaration = Declaration::new("end-channel-session", Trigger::message::<Self>()).timeout_s(30);
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::OpenSecrets, Grant::CallPlatforms, Grant::ReadPlatformApps];
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        // Not found: an earlier run has completed.
        let Some(ended) = workspace.find::<EndedSession>(&self.ended_session_id).await? else { return Ok(()) };
        with_adapter!(ended.platform, A => A::revoke(workspace, &ended).await)?;
        let changes = Changes::default().delete(&ended).unaudited("the change that ended the session is audited");
        match workspace.commit(changes).await {
            // Another run of the same message committed first.
            Err(problem) if problem.status() == 409 => Ok(()),
            committed => Ok(committed?),
        }
    }
}
