//! Permissions: what a member may do. Code never compares roles: a route names the permission that it needs, and
//! `permissions.json` is the only table that maps roles to permissions.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::roles::Role;
use crate::kernel::problem_codes::PERMISSION_MISSING;
use crate::kernel::problems::Problem;

/// A permission as a type: `Workspace<ReadWorkspace>` is the proof that the caller's role has it. Its domain declares
/// it with [`permissions!`](crate::permissions).
pub trait Permission: Send + Sync + 'static {
    const DECLARED: DeclaredPermission;
}

/// Permissions whose proof also covers `L`. Only [`permissions!`](crate::permissions) implements it, and the generator
/// checks the table against it.
#[diagnostic::on_unimplemented(message = "the permission `{Self}` does not cover `{L}`")]
pub trait Covers<L: Permission>: Permission {}

/// A permission as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredPermission {
    /// Its name in the table: `WritePosts`.
    pub name: &'static str,
    /// What it allows, in one sentence.
    pub allows: &'static str,
    /// The permissions that every role with this one also has.
    pub covers: &'static [&'static str],
}

impl DeclaredPermission {
    /// The roles that have it, from the table; none for a name that is not in the table.
    pub fn roles(&self) -> &'static [Role] {
        table().get(self.name).map_or(&[], Vec::as_slice)
    }

    /// Whether it allows no change of the workspace. A test compares it with the routes.
    pub(crate) fn only_reads(&self) -> bool {
        self.name.starts_with("Read")
    }

    /// 403 if a role does not have it.
    pub(crate) fn require(&self, role: Role) -> Result<(), Problem> {
        if self.roles().contains(&role) {
            return Ok(());
        }
        let roles: Vec<&str> = self.roles().iter().map(|role| role.name()).collect();
        let (own, name, roles) = (role.name(), self.name, roles.join(", "));
        let detail =
            format!("Your role {own} lacks the permission {name}. Ask an admin for one of these roles: {roles}.");
        Err(Problem::new(PERMISSION_MISSING, detail))
    }
}

/// Declares permissions: what each allows in one sentence, its name, and the permissions that it covers.
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
    /// Reads the workspace, its plan and its rules.
    ReadWorkspace;
    /// Reads and sets the security rules: second factors, sessions, networks, tokens, and who may be invited.
    ManageSecurity covers ReadWorkspace;
    /// Decides whether admins may recover their accounts without a second factor.
    ManageAdminRecovery covers ManageSecurity ReadWorkspace;
}

fn table() -> &'static BTreeMap<String, Vec<Role>> {
    static TABLE: OnceLock<BTreeMap<String, Vec<Role>>> = OnceLock::new();
    // An unreadable table permits nothing; a test reads it.
    TABLE.get_or_init(|| serde_json::from_str(include_str!("permissions.json")).unwrap_or_default())
}

/// The roles of each permission in the table.
pub(super) fn permission_sets() -> impl Iterator<Item = &'static [Role]> {
    table().values().map(Vec::as_slice)
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
    fn a_role_has_exactly_the_permissions_of_the_table() {
        assert!(ReadWorkspace::DECLARED.require(Role::Reviewer).is_ok());
        assert!(ManageSecurity::DECLARED.require(Role::Admin).is_ok());
        let refused = ManageSecurity::DECLARED.require(Role::Member).unwrap_err();
        assert_eq!((refused.status(), refused.code()), (403, "permission_missing"));
        assert_eq!(
            refused.detail(),
            "Your role member lacks the permission ManageSecurity. Ask an admin for one of these roles: admin, owner."
        );
    }

    #[test]
    fn a_permission_that_is_not_in_the_table_is_refused_to_every_role() {
        let unknown = DeclaredPermission { name: "ReadEverything", allows: "Reads everything.", covers: &[] };
        for role in Role::ALL {
            assert!(unknown.require(role).is_err(), "{role:?}");
        }
    }

    #[test]
    fn a_role_covers_those_whose_permissions_it_all_has() {
        for (at, role) in Role::ALL.into_iter().enumerate() {
            let covered: Vec<_> = Role::ALL.into_iter().filter(|other| role.covers(*other)).collect();
            assert_eq!(covered, Role::ALL[..=at], "{role:?}");
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
