//! The job `end-channel-session`: signs out of a platform after a channel was disconnected or reconnected.

use shared::prelude::job::*;
use shared::tenancy::Changes;

use crate::bluesky::client::{CallError, Client};
use crate::bluesky::service;
use crate::bluesky::tokens::is_passing;
use crate::session::{EndedSession, EndedSessionId, TOKEN_PURPOSE};

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
    const GRANTS: &'static [Grant] = &[Grant::ReadItems, Grant::WriteItems, Grant::OpenSecrets, Grant::CallPlatforms];
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        // Not found: an earlier run has completed.
        let Some(ended) = workspace.find::<EndedSession>(&self.ended_session_id).await? else { return Ok(()) };
        sign_out(workspace, &ended).await?;
        let changes = Changes::default().delete(&ended).unaudited("the change that ended the session is audited");
        match workspace.commit(changes).await {
            // Another run of the same message committed first.
            Err(problem) if problem.status() == 409 => Ok(()),
            committed => Ok(committed?),
        }
    }
}

/// A session that the server refuses to end has already ended; if the server cannot be reached, the job is retried.
async fn sign_out(workspace: &Tenant, ended: &EndedSession) -> Result<(), Problem> {
    let server =
        service::origin(&ended.server).ok_or_else(|| Problem::internal("a stored server address is invalid"))?;
    let refresh = workspace.open(TOKEN_PURPOSE, &ended.channel, &ended.refresh).await?;
    match Client::new(workspace, &server).delete_session(&refresh).await {
        Err(error) if is_passing(&error) => Err(Problem::unavailable(error)),
        Ok(()) | Err(CallError::Refused(_) | CallError::Forbidden(_)) => Ok(()),
        Err(error) => Err(Problem::internal(error)),
    }
}
