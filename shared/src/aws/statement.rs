//! IAM statements: the tables and resources that they name, and the role that has them.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Tables;

/// A table of the deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    Tenants,
    Outbox,
    Audit,
    Proofs,
    Accounts,
    System,
}

impl Table {
    pub fn name(self, tables: &Tables) -> &str {
        match self {
            Self::Tenants => &tables.tenants,
            Self::Outbox => &tables.outbox,
            Self::Audit => &tables.audit,
            Self::Proofs => &tables.proofs,
            Self::Accounts => &tables.accounts,
            Self::System => &tables.system,
        }
    }
}

/// The role that has a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The function's own role.
    Own,
    /// The domain's tenant-access role, assumed for one workspace.
    Tenant,
}

/// The resource of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The items of a table with these partition keys. `{workspace}` and `{user}` stand for the session's tags; a
    /// trailing `*` matches any suffix.
    Items(Table, &'static [&'static str]),
    /// The due index of a table, across partitions.
    DueIndex(Table),
    /// The domain index of a table.
    DomainIndex(Table),
    /// A table's stream.
    Stream(Table),
    /// Objects of the media bucket under a prefix; `{workspace}` stands for the session's tag.
    Objects(&'static str),
    /// The list of the versions of a workspace's objects.
    ObjectVersions,
    /// The keys that wrap a workspace's data keys, with the workspace in the encryption context.
    WorkspaceKeys,
    /// Creating a workspace's key: the request must tag it with the session's workspace.
    NewWorkspaceKey,
    /// The key of the session's workspace, by its tag.
    TaggedWorkspaceKey,
    /// All workspace keys, to be listed and retired.
    AnyWorkspaceKey,
    /// The key that encrypts tables and objects at rest, usable only through those services.
    StorageKey,
    SystemKey,
    /// The system key, for letters alone.
    LetterKey,
    /// The system key, for the key that signs deletion certificates alone.
    CertificateKey,
    DerivationKey,
    /// The queues of all jobs.
    Queues,
    /// The deployment's sending identity.
    MailIdentity,
    /// The secrets with the operator's registrations with platforms.
    PlatformApps,
}

/// One allow statement.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    pub holder: Holder,
    pub actions: &'static [&'static str],
    pub resource: Resource,
}

/// The right of a role to use items of a table by these actions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRight {
    pub table: Table,
    pub actions: Vec<&'static str>,
    pub keys: Vec<&'static str>,
}

/// The rights of a role on items, with every key that an action may use in one right.
///
/// A request may name several keys (BatchGetItem), and a statement allows it only if all of them match its condition
/// (`ForAllValues`). Two statements with one key each would both refuse it.
pub fn item_rights<'a>(statements: impl IntoIterator<Item = &'a Statement>, holder: Holder) -> Vec<ItemRight> {
    let mut keys_by_action: BTreeMap<(Table, &str), BTreeSet<&str>> = BTreeMap::new();
    for statement in statements.into_iter().filter(|statement| statement.holder == holder) {
        if let Resource::Items(table, keys) = statement.resource {
            for action in statement.actions {
                keys_by_action.entry((table, action)).or_default().extend(keys);
            }
        }
    }
    let mut actions_by_keys: BTreeMap<(Table, BTreeSet<&str>), Vec<&str>> = BTreeMap::new();
    for ((table, action), keys) in keys_by_action {
        actions_by_keys.entry((table, keys)).or_default().push(action);
    }
    let rights = actions_by_keys.into_iter();
    rights.map(|((table, keys), actions)| ItemRight { table, actions, keys: keys.into_iter().collect() }).collect()
}

/// The condition of a statement that allows only these partition keys.
pub fn leading_keys(keys: &[String]) -> serde_json::Value {
    serde_json::json!({
        "ForAllValues:StringLike": { "dynamodb:LeadingKeys": keys },
        // ForAllValues is true if the key is absent.
        "Null": { "dynamodb:LeadingKeys": "false" },
    })
}

pub(super) const fn own(actions: &'static [&'static str], resource: Resource) -> Statement {
    Statement { holder: Holder::Own, actions, resource }
}

pub(super) const fn tenant(actions: &'static [&'static str], resource: Resource) -> Statement {
    Statement { holder: Holder::Tenant, actions, resource }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_for_keys_of_several_grants_is_allowed_by_one_right() {
        let read = |key| own(&["dynamodb:BatchGetItem", "dynamodb:Query"], Resource::Items(Table::Accounts, key));
        let write = own(&["dynamodb:PutItem"], Resource::Items(Table::Accounts, &["U#*"]));
        let rights = item_rights(&[read(&["U#*"]), write, read(&["E#*"])], Holder::Own);
        let right = |actions: &[&'static str], keys: &[&'static str]| ItemRight {
            table: Table::Accounts,
            actions: actions.to_vec(),
            keys: keys.to_vec(),
        };
        let reading = right(&["dynamodb:BatchGetItem", "dynamodb:Query"], &["E#*", "U#*"]);
        assert_eq!(rights, [reading, right(&["dynamodb:PutItem"], &["U#*"])]);
        assert_eq!(item_rights(&[write], Holder::Tenant), []);
    }
}
