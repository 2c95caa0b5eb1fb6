//! Of whom a workspace asks a second factor.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::roles::Role;

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
