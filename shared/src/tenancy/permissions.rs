//! Permissions: what a member may do. A role never stands in an `if`: a route names the permission that it needs, and
//! `permissions.json` is the one table that says which roles have it.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::roles::Role;
use crate::kernel::problem_codes::PERMISSION_MISSING;
use crate::kernel::problems::Problem;

/// A permission as a type: `Workspace<ReadWorkspace>` is the proof that the caller's role has it. The domain that it
/// guards declares it, with [`permissions!`](crate::permissions).
pub trait Permission: Send + Sync + 'static {
    const DECLARED: DeclaredPermission;
}

/// Permissions whose proof also stands for `L`. Only [`permissions!`](crate::permissions) implements it, and the
/// generator checks the table for what was declared so.
#[diagnostic::on_unimplemented(message = "the permission `{Self}` does not cover `{L}`")]
pub trait Covers<L: Permission>: Permission {}

/// A permission as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredPermission {
    /// Its name in the table: `WritePosts`.
    pub name: &'static str,
    /// What it allows, as one sentence.
    pub allows: &'static str,
    /// The permissions that every role which has this one has as well.
    pub covers: &'static [&'static str],
}

impl DeclaredPermission {
    /// The roles that have it, as the table has them; none for a name that the table does not know.
    pub fn roles(&self) -> &'static [Role] {
        table().get(self.name).map_or(&[], Vec::as_slice)
    }

    /// 403 where a role does not have it.
    pub(crate) fn require(&self, role: Role) -> Result<(), Problem> {
        if self.roles().contains(&role) {
            return Ok(());
        }
        let roles: Vec<&str> = self.roles().iter().map(|role| role.name()).collect();
        let (own, name, roles) = (role.name(), self.name, roles.join(", "));
        let detail = format!("Your role, {own}, does not have the permission {name}. Roles that have it: {roles}.");
        Err(Problem::new(PERMISSION_MISSING, detail))
    }
}

/// Declares permissions: a sentence that says what each allows, its name, and what it covers.
///
/// ```ignore
/// shared::permissions! {
///     /// Reads posts.
///     ReadPosts;
///     /// Writes, schedules and deletes posts.
///     WritePosts covers ReadPosts;
/// }
/// ```
#[macro_export]
macro_rules! permissions {
    ($(#[doc = $allows:literal] $name:ident $(covers $($lower:ident)+)?;)+) => { $(
        #[doc = $allows]
        pub enum $name {}
        impl $crate::tenancy::Permission for $name {
            const DECLARED: $crate::tenancy::DeclaredPermission = $crate::tenancy::DeclaredPermission {
                name: stringify!($name),
                allows: $allows,
                covers: &[$($(stringify!($lower)),+)?],
            };
        }
        impl $crate::tenancy::Covers<$name> for $name {}
        $($(impl $crate::tenancy::Covers<$lower> for $name {})+)?
    )+ };
}

permissions! {
    /// Sees the workspace, its plan and its rules.
    ReadWorkspace;
    /// Sets which members must use a second factor.
    ManageSecurity covers ReadWorkspace;
    /// Decides whether admins may recover their accounts without a second factor.
    ManageAdminRecovery covers ManageSecurity ReadWorkspace;
}

fn table() -> &'static BTreeMap<String, Vec<Role>> {
    static TABLE: OnceLock<BTreeMap<String, Vec<Role>>> = OnceLock::new();
    // A table that cannot be read permits nothing; a test reads it.
    TABLE.get_or_init(|| serde_json::from_str(include_str!("permissions.json")).unwrap_or_default())
}

/// The names in the table.
pub fn in_table() -> impl Iterator<Item = &'static str> {
    table().keys().map(String::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_role_has_what_the_table_says_and_nothing_else() {
        assert!(ReadWorkspace::DECLARED.require(Role::Reviewer).is_ok());
        assert!(ManageSecurity::DECLARED.require(Role::Admin).is_ok());
        let refused = ManageSecurity::DECLARED.require(Role::Member).unwrap_err();
        assert_eq!((refused.status(), refused.code()), (403, "permission_missing"));
        assert_eq!(
            refused.detail(),
            "Your role, member, does not have the permission ManageSecurity. Roles that have it: admin, owner."
        );
    }

    #[test]
    fn a_permission_that_the_table_does_not_know_is_refused_to_everyone() {
        let unknown = DeclaredPermission { name: "ReadEverything", allows: "Reads everything.", covers: &[] };
        for role in Role::ALL {
            assert!(unknown.require(role).is_err(), "{role:?}");
        }
    }

    #[test]
    fn an_owner_has_every_permission() {
        assert!(!table().is_empty());
        for (name, roles) in table() {
            assert!(roles.contains(&Role::Owner), "{name}");
        }
    }
}
