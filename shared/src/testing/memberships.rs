//! Memberships as stored in each item, and tokens of invitations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::TestApp;
use crate::aws::grants::Table;
use crate::crypto::derived::Label;
use crate::identity::proofs::{self, DirectoryEntry, Found, MembershipProof};
use crate::identity::{InvitationClaim, Member};
use crate::kernel::ids::{UserId, WorkspaceId};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::table::commit::{Act, Expected, Plan, commit};
use crate::table::item::{body, string};
use crate::table::read::{PageQuery, Reader};
use crate::tenancy::{Page, Role};

/// The members of a workspace according to each of the stored items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// The memberships that admission reads.
    pub proofs: BTreeMap<UserId, Role>,
    /// The list of members.
    pub members: BTreeMap<UserId, Role>,
    /// The counter of the directory entry.
    pub owners: u32,
}

impl TestApp {
    /// The token of an invitation, signed as by the job that sends the email.
    pub async fn invitation_token(&self, claim: &InvitationClaim) -> Result<SecretText, Problem> {
        let key = self.fixtures.derived.get(&self.fixtures.aws, Label::Invitation).await?;
        Ok(claim.sign(&key))
    }

    pub async fn roster(&self, workspace: WorkspaceId) -> Result<Roster, Problem> {
        let reader = Reader { aws: &self.fixtures.aws, session: None };
        let partition = format!("M#{workspace}");
        let (table, after, limit) = (Table::Proofs, None, 1000);
        let query = PageQuery { table, partition: &partition, prefix: "", after, limit, newest_first: false };
        let (items, _) = reader.page(query).await?;
        let mut proofs = BTreeMap::new();
        for item in &items {
            let user = string(item, "sk").unwrap_or_default().parse().map_err(Problem::internal)?;
            proofs.insert(user, body::<MembershipProof>(item)?.role);
        }
        let page = Page { limit: 100, cursor: None, newest_first: false };
        let members = self.scope(workspace).page::<Member>("", &page).await?.items;
        let members = members.iter().map(|member| (member.user, member.role)).collect();
        let key = proofs::directory(workspace);
        let found = Found::new(reader.batch(Table::Proofs, vec![key.clone()]).await?);
        let entry: Option<DirectoryEntry> = found.read(&key)?;
        Ok(Roster { proofs, members, owners: entry.ok_or_else(Problem::not_found)?.owners })
    }

    /// The workspaces in a user's list.
    pub async fn listed(&self, user: UserId) -> Result<BTreeSet<WorkspaceId>, Problem> {
        let reader = Reader { aws: &self.fixtures.aws, session: None };
        let key = proofs::list(user);
        let found = Found::new(reader.batch(Table::Proofs, vec![key.clone()]).await?);
        Ok(found.workspaces(&key).into_iter().collect())
    }

    /// Removes the counter of owners, as in an entry of an older version.
    pub async fn forget_owners(&self, workspace: WorkspaceId) -> Result<(), Problem> {
        let expression = "REMOVE e.owners SET w = :w".into();
        self.change_directory(workspace, Act::Update { expression, condition: None, values: HashMap::new() }).await
    }

    /// Removes a workspace's directory entry, as deletion of the workspace would.
    pub async fn remove_directory(&self, workspace: WorkspaceId) -> Result<(), Problem> {
        self.change_directory(workspace, Act::Delete(Expected::Any)).await
    }

    async fn change_directory(&self, workspace: WorkspaceId, act: Act) -> Result<(), Problem> {
        let (partition, sort) = proofs::directory(workspace);
        let mut plan = Plan::default();
        plan.add(Table::Proofs, Some(partition), sort, act);
        commit(&self.fixtures.aws, None, "", plan).await.map_err(Problem::from)
    }
}
