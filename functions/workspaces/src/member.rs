//! A member as the other members see them.

use accounts::PersonName;
use accounts::user::User;
use mail::EmailAddress;
use serde::Serialize;
use shared::identity::Member;
use shared::kernel::ids::UserId;
use shared::kernel::time::ApiTimestamp;
use shared::tenancy::{Permission, Role, Workspace};
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
    pub fn new(member: &Member, user: Option<&User>, addresses: Addresses) -> Self {
        let Member { user: user_id, role, joined_at } = *member;
        let email = user.filter(|_| addresses == Addresses::Shown).map(|user| user.email.clone());
        Self { user_id, name: user.map(|user| user.name.clone()), email, role, joined_at: joined_at.into() }
    }
}
