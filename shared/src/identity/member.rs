//! A member, for the list of members of a workspace.

use std::borrow::Borrow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::invitation::{Invitation, InvitationState};
use crate::kernel::ids::UserId;
use crate::kernel::problems::Problem;
use crate::table::Entity;
use crate::tenancy::scope::Scope;
use crate::tenancy::{Limit, Role, WorkspacePlan};

/// The members of a workspace. A pending invitation counts as one, so that accepting it is never refused by the plan; its
/// place is freed when it is declined, revoked, or marked as expired.
pub const MEMBERS: Limit = Limit::named("members");

/// Counts members and pending invitations.
pub async fn count_members(workspace: &Scope) -> Result<u64, Problem> {
    let members = workspace.total::<Member>("", |_| 1).await?;
    let is_pending = |invitation: &Invitation| u64::from(invitation.state == InvitationState::Pending);
    Ok(members + workspace.total::<Invitation>("", is_pending).await?)
}

/// A member, stored with the workspace's items. Admission uses the membership in Proofs; `membership_changes` writes both
/// in one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user: UserId,
    pub role: Role,
    pub joined_at: Timestamp,
}

impl Member {
    /// Whether they can only read, because the plan has no room for them. The plan never ends the rights of an owner, who can
    /// change it.
    pub fn is_read_only(&self, plan: &WorkspacePlan) -> bool {
        self.role != Role::Owner && plan.is_read_only(MEMBERS, self.joined_at)
    }
}

impl Entity for Member {
    const KIND: &'static str = "MEMBER";
    type Key = UserId;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.user
    }
}
