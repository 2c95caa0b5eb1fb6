//! Roles of members in a workspace. A role is a set of permissions (`permissions.json`), not a level.

use super::permissions::permission_sets;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A member's role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, and comments on posts that await approval.
    Reviewer,
    /// Writes posts and uploads media.
    Member,
    /// Connects channels, reads the audit log, manages members.
    Admin,
    /// Has every permission; each workspace has at least one.
    Owner,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Reviewer, Self::Member, Self::Admin, Self::Owner];

    /// The name in the API and in the permissions table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reviewer => "reviewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Whether it has every permission of another role.
    pub fn covers(self, other: Self) -> bool {
        permission_sets().all(|roles| !roles.contains(&other) || roles.contains(&self))
    }

    /// Whether it administers the workspace: its sessions always need a second factor (claim 18), and it is notified
    /// about events of other members' accounts.
    pub const fn administers(self) -> bool {
        matches!(self, Self::Admin | Self::Owner)
    }
}

/// A role that can be assigned: any but `owner`, which is transferred by offer and acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssignableRole {
    Reviewer,
    Member,
    Admin,
}

impl From<AssignableRole> for Role {
    fn from(role: AssignableRole) -> Self {
        match role {
            AssignableRole::Reviewer => Self::Reviewer,
            AssignableRole::Member => Self::Member,
            AssignableRole::Admin => Self::Admin,
        }
    }
}
