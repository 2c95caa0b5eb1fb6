//! The job `remind-expiring-workspace-tokens`: every hour, reminds the admins of tokens that expire in 14 days and in one day.

use mail::MailUser;
use shared::identity::Member;
use shared::prelude::job::*;
use shared::table::Stored;
use shared::tenancy::{AllWorkspaces, Changes};
use shared::work::each_due;

use crate::letters::workspace_token_expires;
use crate::workspace_token::WorkspaceToken;

/// Members per transaction, which has at most 100 writes.
const AT_ONCE: u32 = 50;

#[derive(Deserialize)]
pub struct RemindExpiringWorkspaceTokens {}

/// Why this job reads every workspace.
pub enum AdminsMustRotate {}

impl Reason for AdminsMustRotate {
    const WHY: &'static str = "reminds the admins of workspaces of tokens that are about to expire";
}

pub static FUNCTION: Function = Function::job::<RemindExpiringWorkspaceTokens>();

impl Job for RemindExpiringWorkspaceTokens {
    const JOB: Declaration =
        Declaration::new("remind-expiring-workspace-tokens", Trigger::Schedule("rate(1 hour)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[Grant::ReadDue, Grant::ReadPlan, Grant::ReadItems, Grant::WriteItems];
    type Access = AllWorkspaces<AdminsMustRotate>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        each_due(workspaces, workspaces.now(), remind).await
    }
}

/// Sends the letters of a page of members together with the position behind it, so that each admin gets one, and a run that
/// fails is continued.
async fn remind(workspace: Tenant, mut token: Stored<WorkspaceToken>) -> Result<(), Problem> {
    let Some(reminded) = token.reminded.next(token.expires_at, workspace.now()) else { return Ok(()) };
    let directory = workspace.directory().await?;
    // No token works there; the reminder is sent if the workspace is restored in time.
    if directory.is_trashed() || directory.is_suspended() {
        return Ok(());
    }
    let letter = workspace_token_expires(token.name.as_str(), directory.name(), token.expires_at);
    loop {
        let begun = token.reminding.take().filter(|(begun, _)| *begun == reminded);
        let after = begun.as_ref().map(|(_, after)| after.as_str());
        let (members, next) = workspace.walk::<Member>("", after, AT_ONCE).await?;
        match &next {
            Some(next) => token.reminding = Some((reminded, next.clone())),
            None => token.reminded = reminded,
        }
        let admins = members.iter().filter(|member| member.role.administers());
        let audited = Changes::default().replace(&token).unaudited("which letters were sent is bookkeeping");
        let audited = audited.mail_to_each(admins.map(|admin| admin.user), &letter);
        if !workspace.commit_if_unchanged(audited).await? || next.is_none() {
            return Ok(());
        }
        token.committed();
    }
}
