//! A workspace's security rules for its members' accounts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::roles::Role;

/// A workspace's security rules, as stored in its directory entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityRules {
    #[serde(default)]
    pub second_factor: SecondFactorRule,
    #[serde(default)]
    pub admin_recovery: RecoveryRule,
}

/// Which members' sessions must have verified a second factor. Those of admins and the owner always must.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorRule {
    #[default]
    Admins,
    Everyone,
}

impl SecondFactorRule {
    pub(crate) fn binds(self, role: Role) -> bool {
        self == Self::Everyone || role.administers()
    }
}

/// Whether the admins of a workspace may recover their accounts without a second factor, after a waiting period. An
/// owner decides; owners themselves always may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryRule {
    #[default]
    Allowed,
    Blocked,
}
