//! Memberships: a user's workspaces, and their admins and owners.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::accounts::Accounts;
use super::all_accounts::AllAccounts;
use super::proofs::{self, DirectoryEntry, Found, MembershipProof};
use super::workspace_outline::members;
use crate::aws::grants::Table;
use crate::kernel::ids::{UserId, WorkspaceId};
use crate::kernel::problems::Problem;
use crate::table::read::Reader;
use crate::tenancy::all_workspaces::Reason;
use crate::tenancy::{Role, SecurityRules};

/// DynamoDB's limit for one batch.
const BATCH: usize = 100;

/// A workspace that a user is a member of.
#[derive(Clone, Debug)]
pub struct Membership {
    pub workspace: WorkspaceId,
    pub role: Role,
    pub name: String,
    pub plan: String,
    pub security: SecurityRules,
    pub region: String,
    pub created_at: Timestamp,
    /// When the workspace was moved to the trash.
    pub trashed_at: Option<Timestamp>,
    /// Whether the plan has no room for the user, who can only read.
    pub is_read_only: bool,
}

impl Membership {
    pub(crate) fn new(workspace: WorkspaceId, proof: &MembershipProof, entry: DirectoryEntry) -> Self {
        let (role, is_read_only) = (proof.role, proof.lacks_room(&entry));
        let DirectoryEntry { name, plan, security, region, created_at, trashed_at, .. } = entry;
        Self { workspace, role, name, plan, security, region, created_at, trashed_at, is_read_only }
    }
}

/// The name of one of a user's workspaces, and one of its admins or owners.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Administered {
    pub admin: UserId,
    pub workspace: String,
}

impl Accounts {
    /// The workspaces that a user is a member of, oldest first. Takes two reads, or one if there are none.
    pub async fn memberships(&self, user: UserId) -> Result<Vec<Membership>, Problem> {
        let reader = Reader { aws: &self.app.aws, session: None };
        let key = proofs::list(user);
        let found = Found::new(Box::pin(reader.batch(Table::Proofs, vec![key.clone()])).await?);
        self.memberships_in(user, &found.workspaces(&key)).await
    }

    /// A user's memberships of these workspaces. Takes one read, or none for an empty list.
    pub(crate) async fn memberships_in(
        &self,
        user: UserId,
        workspaces: &[WorkspaceId],
    ) -> Result<Vec<Membership>, Problem> {
        let keys: Vec<_> =
            workspaces.iter().flat_map(|id| [proofs::membership(*id, user), proofs::directory(*id)]).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let reader = Reader { aws: &self.app.aws, session: None };
        let found = Found::new(Box::pin(reader.batch(Table::Proofs, keys)).await?);
        read(&found, user, workspaces)
    }

    /// The workspaces of each of at most 100 different users, in the order of the users. Takes one read for their lists, and one
    /// for each 100 memberships and workspaces.
    pub(crate) async fn memberships_of(&self, users: &[UserId]) -> Result<Vec<Vec<Membership>>, Problem> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let reader = Reader { aws: &self.app.aws, session: None };
        let lists: Vec<_> = users.iter().map(|user| proofs::list(*user)).collect();
        let listed = Found::new(Box::pin(reader.batch(Table::Proofs, lists.clone())).await?);
        let listed: Vec<_> = users.iter().zip(&lists).map(|(user, list)| (*user, listed.workspaces(list))).collect();
        // Each key once: colleagues are members of the same workspaces.
        let keys: BTreeSet<_> = listed
            .iter()
            .flat_map(|(user, ids)| ids.iter().map(|id| (*user, *id)))
            .flat_map(|(user, id)| [proofs::membership(id, user), proofs::directory(id)])
            .collect();
        let mut items = Vec::new();
        for keys in keys.into_iter().collect::<Vec<_>>().chunks(BATCH) {
            items.extend(Box::pin(reader.batch(Table::Proofs, keys.to_vec())).await?);
        }
        let found = Found::new(items);
        listed.iter().map(|(user, workspaces)| read(&found, *user, workspaces)).collect()
    }
}

/// A user's memberships of these workspaces, of the items that were read.
fn read(found: &Found, user: UserId, workspaces: &[WorkspaceId]) -> Result<Vec<Membership>, Problem> {
    let mut memberships = Vec::new();
    for id in workspaces {
        let membership: Option<MembershipProof> = found.read(&proofs::membership(*id, user))?;
        let entry: Option<DirectoryEntry> = found.read(&proofs::directory(*id))?;
        if let (Some(membership), Some(entry)) = (membership, entry) {
            memberships.push(Membership::new(*id, &membership, entry));
        }
    }
    Ok(memberships)
}

impl<R: Reason> AllAccounts<R> {
    /// The admins and owners of a user's workspaces, without the user: each once, in the order of their ids. Needs
    /// `Grant::ReadMembers`.
    pub async fn admins_around(&self, user: UserId) -> Result<Vec<Administered>, Problem> {
        let mut around: Vec<Administered> = Vec::new();
        for Membership { workspace, name, .. } in self.memberships(user).await? {
            let reader = Reader { aws: &self.app.aws, session: None };
            let members = members(&reader, workspace).await?.into_iter();
            let admins = members.filter(|(member, role)| *member != user && role.administers());
            around.extend(admins.map(|(admin, _)| Administered { admin, workspace: name.clone() }));
        }
        around.sort_unstable();
        around.dedup_by_key(|administered| administered.admin);
        Ok(around)
    }
}
