//! The job `expire-invitations`: every hour, marks the invitations that were not accepted in time.
//!
//! The claim of a token has the expiry, so none can be accepted later, even if this job does not run.

use shared::identity::{Invitation, MEMBERS};
use shared::prelude::job::*;
use shared::tenancy::{AllWorkspaces, Changes};

use crate::audit_actions::INVITATION_EXPIRED;

#[derive(Deserialize)]
pub struct ExpireInvitations {}

/// Why this job reads every workspace.
pub enum InvitationsAreDue {}

impl Reason for InvitationsAreDue {
    const WHY: &'static str = "marks the invitations that were not accepted within 7 days";
}

pub static FUNCTION: Function = Function::job::<ExpireInvitations>();

impl Job for ExpireInvitations {
    const JOB: Declaration = Declaration::new("expire-invitations", Trigger::Schedule("rate(1 hour)")).timeout_s(300);
    const GRANTS: &'static [Grant] = &[Grant::ReadDue, Grant::ReadItems, Grant::WriteItems];
    type Access = AllWorkspaces<InvitationsAreDue>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        for entry in workspaces.due::<Invitation>(workspaces.now()).await? {
            let (workspace, invitation) = workspaces.enter::<Invitation>(&entry).await?;
            let Some(mut invitation) = invitation else { continue };
            // The index is eventually consistent: the invitation may have been accepted or sent again.
            if !invitation.expire(workspaces.now()) {
                continue;
            }
            // The entry that makes it the only pending one has expired, and may be that of a newer invitation.
            let changes = Changes::default().replace(&invitation).count_down(MEMBERS);
            let changes = changes.audit(&INVITATION_EXPIRED, invitation.id);
            workspace.commit_if_unchanged(changes).await?;
        }
        Ok(())
    }
}
