//! IAM statements: the tables and resources that they name, and the role that has them.

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
    /// A table's stream.
    Stream(Table),
    /// Objects of the media bucket under a prefix; `{workspace}` stands for the session's tag.
    Objects(&'static str),
    /// The keys that wrap a workspace's data keys, with the workspace in the encryption context.
    WorkspaceKeys,
    /// Creating a workspace's key: the request must tag it with the session's workspace.
    NewWorkspaceKey,
    /// All workspace keys, to be listed and retired.
    AnyWorkspaceKey,
    /// The key that encrypts tables and objects at rest, usable only through those services.
    StorageKey,
    SystemKey,
    /// The system key, for letters alone.
    LetterKey,
    DerivationKey,
    /// The queues of all jobs.
    Queues,
    /// The deployment's sending identity.
    MailIdentity,
}

/// One allow statement.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    pub holder: Holder,
    pub actions: &'static [&'static str],
    pub resource: Resource,
}

pub(super) const fn own(actions: &'static [&'static str], resource: Resource) -> Statement {
    Statement { holder: Holder::Own, actions, resource }
}

pub(super) const fn tenant(actions: &'static [&'static str], resource: Resource) -> Statement {
    Statement { holder: Holder::Tenant, actions, resource }
}
