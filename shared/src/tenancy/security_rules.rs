//! What a workspace asks of its members' accounts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::roles::Role;

/// What a workspace asks, as its directory entry says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityRules {
    #[serde(default)]
    pub second_factor: SecondFactorRule,
    #[serde(default)]
    pub admin_recovery: RecoveryRule,
}

/// Whose sessions must have proved a second factor. Admins and the owner always must (claim 18).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorRule {
    #[default]
    Admins,
    Everyone,
}

impl SecondFactorRule {
    pub(crate) fn binds(self, role: Role) -> bool {
        self == Self::Everyone || role >= Role::Admin
    }
}

/// Whether the admins of a workspace may recover their accounts without a second factor, by waiting. An owner decides;
/// owners themselves always may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecoveryRule {
    #[default]
    Allowed,
    Blocked,
}
