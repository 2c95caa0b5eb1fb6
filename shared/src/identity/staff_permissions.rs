//! Permissions of the operator's staff: a route names the one that it needs, and `staff_permissions.json` says which roles
//! have it. No role or permission of a workspace counts here, and none of these counts there.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::kernel::problem_codes::PERMISSION_MISSING;
use crate::kernel::problems::Problem;

/// What a member of the staff is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Helps customers.
    Support,
    /// Handles plans and payments.
    Billing,
    /// Watches for attacks and abuse, and stops them.
    Security,
    /// Has every permission.
    Admin,
}

impl StaffRole {
    pub const ALL: [Self; 4] = [Self::Support, Self::Billing, Self::Security, Self::Admin];

    /// As the table spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Support => "support",
            Self::Billing => "billing",
            Self::Security => "security",
            Self::Admin => "admin",
        }
    }
}

/// A permission of the staff as a type: `Staff<UseConsole>` is the proof that the caller has it. Declared with
/// [`staff_permissions!`](crate::staff_permissions).
pub trait StaffPermission: Send + Sync + 'static {
    const DECLARED: DeclaredStaffPermission;
}

/// A permission of the staff as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredStaffPermission {
    /// Its name in the table: `UseConsole`.
    pub name: &'static str,
    /// What it allows, as one sentence.
    pub allows: &'static str,
}

impl DeclaredStaffPermission {
    /// The roles that have it; none for a name that the table does not know.
    pub fn roles(&self) -> &'static [StaffRole] {
        table().get(self.name).map_or(&[], Vec::as_slice)
    }

    /// 403 where none of the roles has it.
    pub(crate) fn require(&self, roles: &[StaffRole]) -> Result<(), Problem> {
        if self.roles().iter().any(|role| roles.contains(role)) {
            return Ok(());
        }
        let having: Vec<&str> = self.roles().iter().map(|role| role.name()).collect();
        let detail =
            format!("None of your roles has the permission {}. Roles that have it: {}.", self.name, having.join(", "));
        Err(Problem::new(PERMISSION_MISSING, detail))
    }
}

/// Declares permissions of the staff: a sentence that says what each allows, and its name.
#[macro_export]
macro_rules! staff_permissions {
    ($(#[doc = $allows:literal] $name:ident;)+) => { $(
        #[doc = $allows]
        pub enum $name {}
        impl $crate::identity::StaffPermission for $name {
            const DECLARED: $crate::identity::DeclaredStaffPermission =
                $crate::identity::DeclaredStaffPermission { name: stringify!($name), allows: $allows };
        }
    )+ };
}

staff_permissions! {
    /// Opens sessions into workspaces, lists those of the staff, and ends them.
    OverrideWorkspaces;
}

/// The names of the permissions in the table.
pub fn in_table() -> impl Iterator<Item = &'static str> {
    table().keys().map(String::as_str)
}

fn table() -> &'static BTreeMap<String, Vec<StaffRole>> {
    static TABLE: OnceLock<BTreeMap<String, Vec<StaffRole>>> = OnceLock::new();
    // A table that cannot be read permits nothing; a test reads it.
    TABLE.get_or_init(|| serde_json::from_str(include_str!("staff_permissions.json")).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn declared(name: &'static str) -> DeclaredStaffPermission {
        DeclaredStaffPermission { name, allows: "" }
    }

    #[test]
    fn a_role_has_exactly_the_permissions_of_the_table() {
        let (all, some) = (declared("UseConsole"), declared("EndSessions"));
        assert!(StaffRole::ALL.iter().all(|role| all.require(&[*role]).is_ok()));
        assert!(some.require(&[StaffRole::Billing, StaffRole::Security]).is_ok());
        let refused = some.require(&[StaffRole::Billing]).unwrap_err();
        assert_eq!((refused.status(), refused.code()), (403, "permission_missing"));
        assert!(all.require(&[]).is_err());
    }

    #[test]
    fn a_permission_that_is_not_in_the_table_is_refused_to_every_role() {
        assert!(declared("ReadPosts").require(&StaffRole::ALL).is_err());
    }

    #[test]
    fn an_admin_has_every_permission_of_the_table() {
        assert!(table().len() > 1 && table().values().all(|roles| roles.contains(&StaffRole::Admin)));
    }
}
