//! `POST /workspaces/{workspace_id}/invitations`: invites an email address to the workspace.

use mail::EmailAddress;
use shared::identity::invitation_error::EMAIL_DOMAIN_NOT_ALLOWED;
use shared::identity::{Invitation, MEMBERS};
use shared::prelude::route::*;
use shared::tenancy::{AssignableRole, Limit};

use crate::audit_actions::INVITATION_SENT;
use crate::invitation::{InvitationView, InvitingError, counted};
use crate::inviting;
use crate::jobs::mail_invitation::MailInvitation;
use crate::permissions::ManageMembers;
use crate::problems;

/// Invites an email address to the workspace. An emailed link is valid for 7 days, works once, and only for an account with
/// this address, which may be created later. The response is the same whether or not the address has an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteMember {
    email: EmailAddress,
    role: AssignableRole,
}

pub static FUNCTION: Function = Function::route::<InviteMember>();

impl Endpoint for InviteMember {
    const ROUTE: Route = Route::post("invite-member", "/workspaces/{workspace_id}/invitations");
    const GRANTS: &'static [Grant] =
        &[Grant::ReadItems, Grant::WriteItems, Grant::ProveMembership, Grant::ReadAddresses];
    const REPEATABLE: Repeatable<Self> = Repeatable::entity::<Invitation>();
    const PLAN_LIMITS: &'static [Limit] = &[MEMBERS];
    const PROBLEMS: &'static [ProblemCode] = &[
        problems::INVITED_YOURSELF,
        problems::INVITED_OWNER,
        problems::INVITED_MEMBER,
        problems::ALREADY_INVITED,
        problems::INVITED_SERVICE,
        problems::TOO_MANY_MEMBERS,
        EMAIL_DOMAIN_NOT_ALLOWED,
        problems::TOO_MANY_INVITATIONS,
    ];
    const VERSIONED: Option<Versioned> = Some(Versioned::made::<Invitation>());
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(4, "the address is read, and the membership of its owner");
    type Access = Workspace<ManageMembers>;
    type Output = Created<InvitationView>;

    async fn handle(self, workspace: &Workspace<ManageMembers>) -> Result<Self::Output, Problem> {
        inviting::require_invitable(workspace, &self.email).await?;
        let invitation = Invitation::new(workspace, self.email.as_str(), self.role, workspace.user()?);
        let changes = Changes::default().insert(&invitation).insert(&invitation.pending()).or(InvitingError::Invited);
        let changes = counted(changes, workspace.now());
        let refusal = InvitingError::TooMany { limit: workspace.plan().limit(MEMBERS) };
        let changes = changes.count_up(MEMBERS, workspace.plan(), refusal);
        let letter = MailInvitation { invitation_id: invitation.id, letter: invitation.letters };
        let audited = changes.audit(&INVITATION_SENT, invitation.id).detail(self.role).send(&letter);
        workspace.commit_in_role(audited).await?;
        Ok(Created(InvitationView::from(&invitation)))
    }
}
