//! Permissions: what a member may do, or the staff in an override session. Code never compares roles: a route names the
//! permission that it needs, and `permissions.json` is the only table that maps roles to permissions.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, de};

use super::roles::Role;
use super::standing::{OverrideAccess, Standing};
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
        table().get(self.name).map_or(&[], |holders| holders.roles.as_slice())
    }

    /// Whether it allows no change of the workspace, but of the own membership. A test compares it with the routes.
    pub(crate) fn only_reads(&self) -> bool {
        self.name.starts_with("Read")
    }

    /// The kinds of override sessions that have it.
    pub fn overrides(&self) -> &'static [OverrideAccess] {
        table().get(self.name).map_or(&[], |holders| holders.overrides.as_slice())
    }

    /// 403 if a role, or an override session, does not have it.
    pub(crate) fn require(&self, standing: impl Into<Standing>) -> Result<(), Problem> {
        let role = match standing.into() {
            Standing::Role(role) if self.roles().contains(&role) => return Ok(()),
            Standing::Override(access) if self.overrides().contains(&access) => return Ok(()),
            Standing::Override(_) => {
                let detail = format!("An override session never has the permission {}. Ask a member.", self.name);
                return Err(Problem::new(PERMISSION_MISSING, detail));
            }
            Standing::Role(role) => role,
        };
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
    /// Lists, approves and ends the override sessions of our staff, and decides whether they may change anything.
    ManageStaffAccess;
}

/// Who has a permission.
#[derive(Default)]
struct Holders {
    roles: Vec<Role>,
    overrides: Vec<OverrideAccess>,
}

impl<'de> Deserialize<'de> for Holders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut holders = Self::default();
        for name in Vec::<String>::deserialize(deserializer)? {
            let role = Role::ALL.into_iter().find(|role| role.name() == name);
            let access = OverrideAccess::ALL.into_iter().find(|access| access.name() == name);
            match (role, access) {
                (Some(role), _) => holders.roles.push(role),
                (None, Some(access)) => holders.overrides.push(access),
                (None, None) => return Err(de::Error::custom(format_args!("{name} is no role"))),
            }
        }
        Ok(holders)
    }
}

fn table() -> &'static BTreeMap<String, Holders> {
    static TABLE: OnceLock<BTreeMap<String, Holders>> = OnceLock::new();
    // An unreadable table permits nothing; a test reads it.
    TABLE.get_or_init(|| serde_json::from_str(include_str!("permissions.json")).unwrap_or_default())
}

/// The roles of each permission in the table.
pub(super) fn permission_sets() -> impl Iterator<Item = &'static [Role]> {
    table().values().map(|holders| holders.roles.as_slice())
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
        for (name, holders) in table() {
            assert!(holders.roles.contains(&Role::Owner), "{name}");
        }
    }

    /// The list itself, stated a second time: a new permission is not given to the staff by mistake.
    #[test]
    fn an_override_session_has_exactly_these_permissions_and_none_that_no_admin_has() {
        let of = |access| {
            let has = table().iter().filter(|(_, holders)| holders.overrides.contains(&access));
            has.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        let reads =
            ["ReadAuditLog", "ReadChannels", "ReadMedia", "ReadMembers", "ReadPosts", "ReadWorkspace"].as_slice();
        assert_eq!(of(OverrideAccess::ReadOnly), reads);
        let mut all = [reads, &["ManageWorkspace", "WriteMedia", "WritePosts"]].concat();
        all.sort_unstable();
        assert_eq!(of(OverrideAccess::Full), all);
        for (name, holders) in table().iter().filter(|(_, holders)| !holders.overrides.is_empty()) {
            assert!(holders.roles.contains(&Role::Admin), "{name}");
        }
    }
}
