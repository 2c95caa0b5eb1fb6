//! By what right a caller is in a workspace: a member's role, or an override session of the operator's staff.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::roles::Role;

/// What a session of the operator's staff may do in a workspace; in the workspace's security rules, the most that any may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverrideAccess {
    /// Reads.
    #[default]
    ReadOnly,
    /// Reads and changes what the table of permissions lists, never members, secrets or ownership.
    Full,
}

impl OverrideAccess {
    pub const ALL: [Self; 2] = [Self::ReadOnly, Self::Full];

    /// The name in the permissions table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "override_read_only",
            Self::Full => "override_full",
        }
    }

    /// In a letter.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Full => "full",
        }
    }
}

/// What the permissions of a caller follow from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Of a member, or of a token.
    Role(Role),
    Override(OverrideAccess),
}

impl From<Role> for Standing {
    fn from(role: Role) -> Self {
        Self::Role(role)
    }
}

impl Standing {
    /// The role; of an override session, the one whose permissions come nearest, for display. Nothing is decided by it that
    /// a permission decides.
    pub fn role(self) -> Role {
        match self {
            Self::Role(role) => role,
            Self::Override(OverrideAccess::ReadOnly) => Role::Reviewer,
            Self::Override(OverrideAccess::Full) => Role::Member,
        }
    }
}
