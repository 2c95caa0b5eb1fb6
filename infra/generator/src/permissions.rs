//! `docs/permissions.md`: the permissions of every role and route on one page.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use domains::routes;
use shared::function::Level;
use shared::http::{Method, RouteDeclaration};
use shared::identity::{DeclaredStaffPermission, StaffRole};
use shared::tenancy::{DeclaredPermission, OverrideAccess, Role};

use crate::readme::listed_planes;

const HEAD: &str = "<!-- Written by infra/generator. Do not edit. -->

# Permissions

A role is a set of permissions: `shared/src/tenancy/permissions.json` is the table, and this page is generated from it and
the routes' declarations. A caller who is not a member of the workspace gets 404, a member whose role lacks the
permission 403 (`permission_missing`). An override session is one of the operator's staff (decision 0043): read-only, or full where an
owner allows it. It is admitted by the routes that are marked, with its permissions.
";

/// Every permission that a route needs, by name.
fn declared() -> BTreeMap<&'static str, DeclaredPermission> {
    needed().map(|permission| (permission.name, permission)).collect()
}

fn needed() -> impl Iterator<Item = DeclaredPermission> {
    let mut found = Vec::new();
    for (_, _, RouteDeclaration { level: access, some_need, .. }) in routes() {
        let of_access = match access {
            Level::Workspace(permission) => Some(permission),
            _ => None,
        };
        found.extend(of_access.iter().chain(some_need));
    }
    found.into_iter()
}

/// Every permission that a route of the staff needs, by name.
fn of_staff() -> BTreeMap<&'static str, DeclaredStaffPermission> {
    let needed = routes().filter_map(|(_, _, declared)| match declared.level {
        Level::Staff(permission) => Some((permission.name, permission)),
        _ => None,
    });
    needed.collect()
}

/// The document.
pub fn document() -> String {
    let mut text = HEAD.to_owned();
    let roles_and_overrides = Role::ALL.iter().map(|role| role.name());
    let names: Vec<&str> = roles_and_overrides.chain(OverrideAccess::ALL.iter().map(|access| access.name())).collect();
    let _ = write!(text, "\n## Roles\n\n| permission | {} | allows |\n", names.join(" | "));
    let _ = writeln!(text, "|---|{}---|", "---|".repeat(names.len()));
    for permission in declared().values() {
        let by_role = Role::ALL.map(|role| permission.roles().contains(&role));
        let by_override = OverrideAccess::ALL.map(|access| permission.overrides().contains(&access));
        let has: Vec<&str> = by_role.into_iter().chain(by_override).map(|has| if has { "yes" } else { "" }).collect();
        let _ = writeln!(text, "| `{}` | {} |{} |", permission.name, has.join(" | "), permission.allows);
    }
    let names: Vec<&str> = StaffRole::ALL.iter().map(|role| role.name()).collect();
    text.push_str(
        "\n## Staff\n\nMembers of the operator's staff have separate roles and permissions, \
         `shared/src/identity/staff_permissions.json`. A caller who is not on the staff gets 404, a member whose roles lack \
         the permission 403 (`permission_missing`).\n\n",
    );
    let _ = write!(text, "| permission | {} | allows |\n|---|{}---|\n", names.join(" | "), "---|".repeat(names.len()));
    for permission in of_staff().values() {
        let has = StaffRole::ALL.map(|role| if permission.roles().contains(&role) { "yes" } else { "" });
        let _ = writeln!(text, "| `{}` | {} |{} |", permission.name, has.join(" | "), permission.allows);
    }
    text.push_str(
        "\n## Routes\n\nA token is a personal access token with the scope, or a token of the workspace. A fresh factor is one that was verified in \
         the last 10 minutes. The plan must include the entitlement in the last column.\n\n\
         | route | planes | caller | roles | override sessions | token | fresh factor | plan |\n|---|---|---|---|---|---|---|---|\n",
    );
    for (_, _, declared) in routes() {
        let RouteDeclaration { route, planes, level: access, some_need, is_fresh, token, needs, .. } = declared;
        let overrides = override_sessions(&declared);
        if route.method.serves_any_path() {
            continue;
        }
        let (mut caller, roles) = match access {
            Level::Anyone => ("anyone".to_owned(), String::new()),
            Level::Credentials => ("anyone; five failed attempts in five minutes".to_owned(), String::new()),
            Level::Known | Level::SignedIn => ("a signed-in user".to_owned(), String::new()),
            Level::Workspace(permission) => (format!("`{}`", permission.name), roles(&permission)),
            Level::Staff(permission) => {
                let roles: Vec<&str> = permission.roles().iter().map(|role| role.name()).collect();
                (format!("staff, `{}`", permission.name), roles.join(", "))
            }
            Level::Inbound(sender) => (format!("the sender `{sender}`, by its signature"), String::new()),
        };
        for permission in some_need {
            let _ = write!(caller, "; some inputs `{}`", permission.name);
        }
        let token = token.map(|scope| format!("`{scope}`")).unwrap_or_default();
        let fresh = if is_fresh { "yes" } else { "" };
        let plan: Vec<&str> = needs.iter().map(|entitlement| entitlement.name()).collect();
        let (method, path, plan) = (route.method.name(), route.path, plan.join(", "));
        let planes = listed_planes(planes);
        let _ = writeln!(
            text,
            "| `{method} {path}` | {planes} | {caller} | {roles} | {overrides} | {token} | {fresh} | {plan} |"
        );
    }
    text
}

/// The override sessions that a route admits. A read-only one admits no change, whatever its permission.
fn override_sessions(declared: &RouteDeclaration) -> String {
    let Level::Workspace(permission) = declared.level else { return String::new() };
    let admits = |access: &&OverrideAccess| {
        declared.serves_overrides && (**access == OverrideAccess::Full || declared.route.method == Method::Get)
    };
    let names: Vec<&str> = permission.overrides().iter().filter(admits).map(|access| access.words()).collect();
    names.join(", ")
}

fn roles(permission: &DeclaredPermission) -> String {
    let names: Vec<&str> = permission.roles().iter().map(|role| role.name()).collect();
    names.join(", ")
}

/// The faults between the declarations and the tables.
pub fn faults() -> Vec<String> {
    let declared = declared();
    let mut faults = Vec::new();
    for (_, _, declared) in routes() {
        if let Level::Staff(permission) = declared.level
            && permission.roles().is_empty()
        {
            faults.push(format!("{}: staff_permissions.json grants it to no role", permission.name));
        }
    }
    for (_, _, route) in routes() {
        if let Level::Workspace(permission) = route.level
            && route.serves_overrides
            && permission.overrides().is_empty()
        {
            faults
                .push(format!("{}: admits override sessions, which never have {}", route.route.name, permission.name));
        }
    }
    let known = of_staff();
    let unused = shared::identity::staff_permissions::in_table().filter(|name| !known.contains_key(name));
    faults.extend(unused.map(|name| format!("{name}: is in staff_permissions.json, but no route needs it")));
    let twice = needed().filter(|permission| declared.get(permission.name) != Some(permission));
    faults.extend(twice.map(|permission| format!("{}: two permissions have this name", permission.name)));
    for permission in declared.values() {
        if permission.roles().is_empty() {
            faults.push(format!("{}: permissions.json grants it to no role", permission.name));
        }
        for lower in permission.covers {
            let Some(lower) = declared.get(lower) else {
                faults.push(format!("{}: covers {lower}, which no route needs", permission.name));
                continue;
            };
            let lacking = permission.roles().iter().filter(|role| !lower.roles().contains(role));
            faults.extend(lacking.map(|role| {
                format!("{}: covers {}, which {} lacks in permissions.json", permission.name, lower.name, role.name())
            }));
        }
    }
    let unused = shared::tenancy::permissions::in_table().filter(|name| !declared.contains_key(name));
    faults.extend(unused.map(|name| format!("{name}: is in permissions.json, but no route needs it")));
    faults
}
