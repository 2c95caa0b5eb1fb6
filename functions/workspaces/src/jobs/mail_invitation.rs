//! The job `mail-invitation`: mails an invitation to its address, unless the address has got its letters of the day.
//!
//! The limit counts the invitations of all workspaces. A route must not show that it is reached, neither by its response nor
//! by its time: that would reveal invitations of other workspaces.

use mail::{EmailAddress, SendEmail};
use shared::identity::{Invitation, InvitationId, InvitationLetter, InvitationState};
use shared::prelude::job::*;
use shared::tenancy::Changes;

use crate::inviting::is_within_budget;
use crate::letters;

/// Mails a letter of an invitation, by its number.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailInvitation {
    pub invitation_id: InvitationId,
    pub letter: u32,
}

impl Message for MailInvitation {
    const NAME: &'static str = "mail-invitation";
}

pub static FUNCTION: Function = Function::job::<MailInvitation>();

impl Job for MailInvitation {
    const JOB: Declaration = Declaration::new("mail-invitation", Trigger::message::<Self>()).timeout_s(60);
    const GRANTS: &'static [Grant] = &[
        Grant::ReadItems,
        Grant::WriteItems,
        Grant::ReadPlan,
        Grant::ReadAddresses,
        Grant::WriteAddresses,
        Grant::SealLetters,
    ];
    type Access = Tenant;

    async fn run(self, workspace: &Tenant) -> Result<(), JobError> {
        let invitation = workspace.find::<Invitation>(&self.invitation_id).await?;
        let Some(invitation) = invitation.filter(|found| found.state == InvitationState::Pending) else {
            return Ok(());
        };
        let sent = InvitationLetter::new(&invitation, self.letter);
        if workspace.find::<InvitationLetter>(sent.key()).await?.is_some() {
            return Ok(());
        }
        let email: EmailAddress = invitation.email.parse().map_err(Problem::internal)?;
        if !is_within_budget(workspace, &email, &format!("{}#{}", self.invitation_id, self.letter)).await? {
            return Ok(());
        }
        let name = workspace.directory().await?.name().to_owned();
        let letter = letters::invitation(&name, invitation.role.into(), invitation.claim(workspace.id()));
        let message = SendEmail::to_address_from(workspace, &email, letter).await?;
        let changes = Changes::default().insert(&sent).unaudited("the invitation was audited").send(&message);
        // A refusal means that another run sent it.
        workspace.commit_if_unchanged(changes).await?;
        Ok(())
    }
}
