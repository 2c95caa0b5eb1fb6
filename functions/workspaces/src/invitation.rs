//! An invitation as those who manage members see it, and its rules.

use serde::Serialize;
use shared::http::Located;
use shared::identity::{Invitation, InvitationId, InvitationState};
use shared::kernel::ids::UserId;
use shared::kernel::problems::{Problem, ProblemCode, Refusal};
use shared::kernel::time::{ApiTimestamp, Timestamp};
use shared::tenancy::{Changes, DailyLimit, Role};
use utoipa::ToSchema;

use crate::problems;

/// Invitations that a workspace sends in a day, with those that it sends again. A team is smaller, and an attacker with a
/// free workspace must not mail the world.
pub const INVITATIONS_A_DAY: DailyLimit = DailyLimit { name: "invitations", most: 100 };

/// An invitation.
#[derive(Serialize, ToSchema)]
pub struct InvitationView {
    #[schema(value_type = String, example = "inv_01890a5d000070008000000000000006")]
    pub id: InvitationId,
    #[schema(example = "ada@example.com")]
    pub email: String,
    pub role: Role,
    pub state: InvitationStateView,
    pub invited_by: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: ApiTimestamp,
    /// Until when it can be accepted.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: ApiTimestamp,
}

/// The state of an invitation. One that was not accepted in time is `pending` until a job marks it as expired, within an
/// hour.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationStateView {
    Pending,
    Accepted,
    Declined,
    Revoked,
    Expired,
}

impl From<&InvitationState> for InvitationStateView {
    fn from(state: &InvitationState) -> Self {
        match state {
            InvitationState::Pending => Self::Pending,
            InvitationState::Accepted { .. } => Self::Accepted,
            InvitationState::Declined { .. } => Self::Declined,
            InvitationState::Revoked { .. } => Self::Revoked,
            InvitationState::Expired { .. } => Self::Expired,
        }
    }
}

impl From<&Invitation> for InvitationView {
    fn from(invitation: &Invitation) -> Self {
        let Invitation { id, role, ref state, created_at, expires_at, ref email, invited_by, .. } = *invitation;
        Self {
            id,
            email: email.clone(),
            role: role.into(),
            state: state.into(),
            invited_by,
            created_at: created_at.into(),
            expires_at: expires_at.into(),
        }
    }
}

impl Located for InvitationView {
    const PATH: &'static str = "/workspaces/{workspace_id}/invitations/{invitation_id}";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

/// Why an address cannot be invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvitingError {
    #[error("This is your own address, and you are a member already.")]
    Yourself,
    #[error("This address belongs to an owner of the workspace.")]
    Owner,
    #[error("This address belongs to a member of the workspace. Change the member's role instead.")]
    Member,
    #[error("This address has a pending invitation. Send that one again, or revoke it first.")]
    Invited,
    #[error("must not be the address that this service sends from")]
    Service,
    #[error("The workspace's plan allows {limit} members, with pending invitations. Remove one, or upgrade the plan.")]
    TooMany { limit: u64 },
}

impl Refusal for InvitingError {
    fn problem(&self) -> ProblemCode {
        match self {
            Self::Yourself => problems::INVITED_YOURSELF,
            Self::Owner => problems::INVITED_OWNER,
            Self::Member => problems::INVITED_MEMBER,
            Self::Invited => problems::ALREADY_INVITED,
            Self::Service => problems::INVITED_SERVICE,
            Self::TooMany { .. } => problems::TOO_MANY_MEMBERS,
        }
    }

    fn field(&self) -> Option<&'static str> {
        (*self == Self::Service).then_some("email")
    }
}

/// Counts an invitation that is sent today.
pub fn counted(changes: Changes, now: Timestamp) -> Changes {
    let detail = format!(
        "The workspace has sent {most} invitations today, which is the limit. Try again tomorrow (UTC).",
        most = INVITATIONS_A_DAY.most
    );
    let refusal = Problem::new(problems::TOO_MANY_INVITATIONS, detail).retry_after(DailyLimit::resets_in_s(now));
    changes.count_today(INVITATIONS_A_DAY, now, refusal)
}
