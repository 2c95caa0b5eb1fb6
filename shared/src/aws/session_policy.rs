//! The session policy: a function's tenant statements with the literal keys of one workspace.

use super::grants::{
    Grant, Holder, ItemRight, OBJECT_PREFIXES, Resource, Statement, TENANT_BASE, item_rights, leading_keys,
};
use crate::config::Tables;
use crate::kernel::ids::{UserId, WorkspaceId};

/// The subject that a session is narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    pub workspace: WorkspaceId,
    /// Set only when a membership begins or ends: the user whose list of workspaces changes.
    pub user: Option<UserId>,
}

/// STS refuses a session policy over 2,048 characters; the generator refuses one over this, to leave room for longer
/// ids and table names.
pub const SESSION_POLICY_LIMIT: usize = 1900;

/// The session policy of a function for one workspace: its tenant statements with literal keys.
///
/// Regions and accounts are wildcards here to keep the policy short; the role that it narrows names
/// them.
pub fn session_policy(grants: &[Grant], subject: Subject, tables: &Tables, bucket: &str) -> String {
    let fill = |template: &str| {
        let filled = template.replace("{workspace}", &subject.workspace.to_string());
        match subject.user {
            Some(user) => Some(filled.replace("{user}", &user.to_string())),
            None if filled.contains("{user}") => None,
            None => Some(filled),
        }
    };
    let mut permissions: Vec<Permission> = Vec::new();
    let statements: Vec<&Statement> = grants.iter().flat_map(|grant| grant.statements()).chain(TENANT_BASE).collect();
    for right in item_rights(statements.iter().copied(), Holder::Tenant) {
        if let Some((resource, condition)) = narrowed_items(&right, &fill, tables) {
            merge(&mut permissions, &right.actions, resource, condition);
        }
    }
    for statement in statements.into_iter().filter(|statement| statement.holder == Holder::Tenant) {
        if let Some((resource, condition)) = narrowed(statement.resource, &fill, bucket, subject) {
            merge(&mut permissions, statement.actions, resource, condition);
        }
    }
    let statements: Vec<serde_json::Value> =
        merged_resources(permissions).into_iter().map(Permission::written).collect();
    serde_json::json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

/// A table and condition with the subject's literal ids; none if every key is one of a user and the subject has none.
fn narrowed_items(
    right: &ItemRight,
    fill: &dyn Fn(&str) -> Option<String>,
    tables: &Tables,
) -> Option<(String, Option<serde_json::Value>)> {
    let keys: Vec<String> = right.keys.iter().filter_map(|key| fill(key)).collect();
    if keys.is_empty() {
        return None;
    }
    let table = format!("arn:aws:dynamodb:*:*:table/{}", right.table.name(tables));
    // Keys without an owner are restricted by the role that the policy narrows.
    if !right.keys.iter().any(|key| key.contains('{')) {
        return Some((table, None));
    }
    Some((table, Some(leading_keys(&keys))))
}

/// Another resource and condition with the subject's literal ids; none if it does not belong to a tenant.
fn narrowed(
    resource: Resource,
    fill: &dyn Fn(&str) -> Option<String>,
    bucket: &str,
    subject: Subject,
) -> Option<(String, Option<serde_json::Value>)> {
    Some(match resource {
        Resource::Objects(prefix) => (format!("arn:aws:s3:::{bucket}/{}", fill(prefix)?), None),
        Resource::ObjectVersions => {
            let prefixes: Vec<String> = OBJECT_PREFIXES.iter().filter_map(|prefix| fill(prefix)).collect();
            (format!("arn:aws:s3:::{bucket}"), Some(serde_json::json!({ "StringLike": { "s3:prefix": prefixes } })))
        }
        Resource::TaggedWorkspaceKey => (
            "*".to_owned(),
            Some(serde_json::json!({
                "StringEquals": { "aws:ResourceTag/workspace": subject.workspace.to_string() },
            })),
        ),
        Resource::WorkspaceKeys => (
            "*".to_owned(),
            Some(serde_json::json!({
                "StringEquals": { "kms:EncryptionContext:workspace": subject.workspace.to_string() },
            })),
        ),
        Resource::StorageKey => (
            "*".to_owned(),
            Some(serde_json::json!({
                "StringLike": { "kms:ViaService": ["dynamodb.*.amazonaws.com", "s3.*.amazonaws.com"] },
            })),
        ),
        // The role itself requires the tag on the request or the key.
        Resource::NewWorkspaceKey => ("*".to_owned(), None),
        // Items are narrowed above; the others do not belong to a tenant.
        _ => return None,
    })
}

/// One allow statement of a policy, in the making.
struct Permission {
    actions: Vec<&'static str>,
    resources: Vec<String>,
    condition: Option<serde_json::Value>,
}

impl Permission {
    fn written(self) -> serde_json::Value {
        let mut written = serde_json::json!({ "Effect": "Allow", "Action": self.actions, "Resource": self.resources });
        if let Some(condition) = self.condition {
            written["Condition"] = condition;
        }
        written
    }
}

/// Merges actions into the permission with the same resource and condition, so that the policy stays within STS's
/// limit. It allows exactly the same as the separate statements.
fn merge(
    permissions: &mut Vec<Permission>,
    actions: &[&'static str],
    resource: String,
    condition: Option<serde_json::Value>,
) {
    let same = |known: &&mut Permission| known.resources == [resource.clone()] && known.condition == condition;
    match permissions.iter_mut().find(same) {
        Some(known) => {
            for action in actions {
                if !known.actions.contains(action) {
                    known.actions.push(action);
                }
            }
        }
        None => permissions.push(Permission { actions: actions.to_vec(), resources: vec![resource], condition }),
    }
}

/// Merges permissions with the same actions and condition into one.
fn merged_resources(permissions: Vec<Permission>) -> Vec<Permission> {
    let mut merged: Vec<Permission> = Vec::new();
    for permission in permissions {
        let same =
            |known: &&mut Permission| known.actions == permission.actions && known.condition == permission.condition;
        match merged.iter_mut().find(same) {
            Some(known) => known.resources.extend(permission.resources),
            None => merged.push(permission),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The generator measures only deployed functions, and no route changes memberships yet.
    #[test]
    fn the_policies_of_membership_changes_stay_within_the_limit() {
        let id = "0".repeat(32);
        let (Ok(workspace), Ok(user)) = (format!("ws_{id}").parse(), format!("user_{id}").parse()) else {
            unreachable!("they are ids")
        };
        let subject = Subject { workspace, user: Some(user) };
        for grants in [
            &[Grant::JoinWorkspaces, Grant::DeriveKeys][..],
            &[Grant::ReadItems, Grant::WriteItems, Grant::EndMemberships],
            &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeRoles],
            &[Grant::ReadItems, Grant::WriteItems, Grant::ChangeDirectory],
        ] {
            let tables = Tables::named("abcdefghijkl");
            let policy = session_policy(grants, subject, &tables, "abcdefghijkl-media-000000000000-ap-southeast-1");
            assert!(policy.len() <= SESSION_POLICY_LIMIT, "{grants:?}: {}", policy.len());
        }
    }

    #[test]
    fn only_a_session_for_a_user_reaches_the_users_list() {
        let id = "0".repeat(32);
        let (Ok(workspace), Ok(user)) = (format!("ws_{id}").parse(), format!("user_{id}").parse()) else {
            unreachable!("they are ids")
        };
        let policy = |user| {
            let (grants, subject) = ([Grant::JoinWorkspaces, Grant::EndMemberships], Subject { workspace, user });
            session_policy(&grants, subject, &Tables::named("bh"), "bh-media")
        };
        assert!(policy(Some(user)).contains(&format!("\"L#user_{id}\"")));
        assert!(!policy(None).contains("L#"));
    }
}
