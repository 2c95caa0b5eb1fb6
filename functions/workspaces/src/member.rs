//! A member as the other members see them.

use accounts::PersonName;
use accounts::user::User;
use mail::EmailAddress;
use serde::Serialize;
use shared::identity::{MEMBERS, Member};
use shared::kernel::ids::UserId;
use shared::kernel::problems::Problem;
use shared::kernel::time::ApiTimestamp;
use shared::tenancy::{Permission, Role, Workspace, WorkspacePlan};
use utoipa::ToSchema;

use crate::permissions::ManageMembers;

/// A member of a workspace.
#[derive(Serialize, ToSchema)]
pub struct MemberView {
    pub user_id: UserId,
    pub name: Option<PersonName>,
    /// Null for a caller who may not manage members.
    pub email: Option<EmailAddress>,
    pub role: Role,
    /// Whether they can only read, because the plan has no room for them: they are newer than as many members as it allows. Never
    /// an owner.
    pub read_only: bool,
    #[schema(value_type = String, format = DateTime)]
    pub joined_at: ApiTimestamp,
}

/// Whether the caller sees the email addresses of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Addresses {
    Shown,
    Hidden,
}

impl Addresses {
    /// Only those who manage members need them.
    pub fn of<P: Permission>(workspace: &Workspace<P>) -> Self {
        if workspace.permit::<ManageMembers>().is_ok() { Self::Shown } else { Self::Hidden }
    }
}

impl MemberView {
    /// Adds what the view depends on, besides member and user, to the version of the response.
    pub fn vary<P: Permission>(workspace: &Workspace<P>) -> Result<(), Problem> {
        workspace.vary_version_by(&(Addresses::of(workspace), workspace.plan().read_only_after(MEMBERS)))
    }

    pub fn new(member: &Member, user: Option<&User>, addresses: Addresses, plan: &WorkspacePlan) -> Self {
        let Member { user: user_id, role, joined_at } = *member;
        let read_only = member.is_read_only(plan);
        let email = user.filter(|_| addresses == Addresses::Shown).map(|user| user.email.clone());
        let name = user.map(|user| user.name.clone());
        Self { user_id, name, email, role, read_only, joined_at: joined_at.into() }
    }
}
