//! The job `expire-override-session`: records that the time of an override session is over.
//!
//! The session is refused even before: admission compares its end with the clock.

use serde_json::json;
use shared::audit::Target;
use shared::identity::OverrideSession;
use shared::kernel::ids::OverrideSessionId;
use shared::kernel::time::{ApiTimestamp, Timestamp};
use shared::prelude::job::*;
use shared::tenancy::Changes;

use crate::audit_actions::OVERRIDE_SESSION_EXPIRED;

/// The command and its job.
#[derive(Serialize, Deserialize)]
pub struct ExpireOverrideSession {
    override_session_id: OverrideSessionId,
    /// When its time is over.
    ends_at: Timestamp,
}

impl ExpireOverrideSession {
    /// To be sent at the end of the session.
    pub fn of(session: &OverrideSession) -> Self {
        Self { override_session_id: session.id, ends_at: session.ends_at() }
    }
}

pub static FUNCTION: Function = Function::job::<ExpireOverrideSession>();

impl Message for ExpireOverrideSession {
    const NAME: &'static str = "expire-override-session";
}

impl Job for ExpireOverrideSession {
    const JOB: Declaration = Declaration::new("expire-override-session", Trigger::message::<Self>()).timeout_s(30);
    const GRANTS: &'static [Grant] = &[Grant::ExpireOverrides, Grant::WriteAudit];
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        // Not found: a person ended it, or an earlier run has completed.
        let Some(found) = workspace.unended_override(self.override_session_id).await? else { return Ok(()) };
        let session = found.session();
        // An owner has approved it since: another message comes at its new end.
        if session.ends_at() != self.ends_at {
            return Ok(());
        }
        let left = self.ends_at.duration_since(workspace.now());
        if left.is_positive() {
            let early = "an override session was to be recorded as expired before its end";
            return Err(JobError::retry_after(Problem::unavailable(early), left));
        }
        let detail = json!({
            "staff": session.staff,
            "expired_at": ApiTimestamp::from(self.ends_at),
            "approved": session.begun_at.is_some(),
        });
        let audited = Changes::default().audit(&OVERRIDE_SESSION_EXPIRED, Target::from(session.id)).detail(detail);
        // One that was ended or approved since it was read is left alone.
        workspace.expire_override(&found, audited).await?;
        Ok(())
    }
}
