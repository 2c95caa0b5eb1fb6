//! One page of a pass: what is deleted, and how it is counted.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::state::{Begun, DestroyedKey, Phase, Tally};
use super::steps::state_key;
use crate::aws::grants::Table;
use crate::identity::proofs::{self, MembershipProof};
use crate::identity::workspace_outline::MAILED_OWNERS;
use crate::kernel::ids::UserId;
use crate::kernel::problems::Problem;
use crate::table::commit::{Act, Expected, Plan, commit};
use crate::table::item::{body, string};
use crate::table::read::{PageQuery, Reader};
use crate::tenancy::Role;
use crate::tenancy::tenant::Tenant;

/// Deletions of one transaction, whose limit is 100 with the state. A query returns at most 1 MB, and a transaction takes 4.
const PAGE: usize = 90;

/// What a step found.
pub(super) enum Page {
    /// Something, to be deleted in the transaction of the state.
    Some(Plan),
    Empty,
}

impl Tenant {
    pub(super) async fn erase_page(&self, begun: &mut Begun) -> Result<Page, Problem> {
        match begun.phase {
            Phase::Key => self.destroy_key(begun).await,
            Phase::Memberships => self.end_memberships(begun).await,
            // The records of the tokens are among the items.
            Phase::Tokens => {
                let tokens = proofs::workspace_tokens(self.id());
                self.delete_proofs(begun, tokens, |tally| &mut tally.workspace_tokens).await
            }
            // They are refused since the workspace is in the trash.
            Phase::OverrideSessions => {
                let sessions = proofs::override_sessions(self.id());
                self.delete_proofs(begun, sessions, |tally| &mut tally.override_sessions).await
            }
            Phase::Objects => self.delete_objects(begun).await,
            Phase::Items => self.delete_items(begun, Table::Tenants).await,
            Phase::Messages => self.delete_items(begun, Table::Outbox).await,
            Phase::AuditEntries => self.delete_items(begun, Table::Audit).await,
        }
    }

    /// The record of the key is deleted with the items, once the key's destruction is scheduled.
    async fn destroy_key(&self, begun: &mut Begun) -> Result<Page, Problem> {
        let Some(arn) = self.key_arn().await? else { return Ok(Page::Empty) };
        match begun.keys.iter_mut().find(|key| key.arn == arn) {
            None => begun.keys.push(DestroyedKey { arn, destroyed_at: None }),
            Some(key) if key.destroyed_at.is_none() => key.destroyed_at = Some(self.destroy_own_key(&arn).await?),
            Some(_) => return Ok(Page::Empty),
        }
        Ok(Page::Some(Plan::default()))
    }

    /// Removes the workspace from the members' lists, and then their memberships, which are counted.
    async fn end_memberships(&self, begun: &mut Begun) -> Result<Page, Problem> {
        let partition = proofs::members(self.id());
        let (table, limit) = (Table::Proofs, u32::try_from(PAGE).unwrap_or_default());
        let query = PageQuery { table, partition: &partition, prefix: "", after: None, limit, newest_first: false };
        let (items, _) = self.reader().await?.page(query).await?;
        let (mut deletions, mut lists) = (Plan::default(), Plan::default());
        for item in &items {
            let user: UserId = string(item, "sk").unwrap_or_default().parse().map_err(Problem::internal)?;
            if body::<MembershipProof>(item)?.role == Role::Owner
                && begun.owners.len() < MAILED_OWNERS
                && !begun.owners.contains(&user)
            {
                begun.owners.push(user);
            }
            let (list, sort) = proofs::list(user);
            let values = HashMap::from([(":id".to_owned(), AttributeValue::Ss(vec![self.id().to_string()]))]);
            let unlisted = Act::Update { expression: "DELETE ids :id SET w = :w".into(), condition: None, values };
            lists.add(Table::Proofs, Some(list), sort, unlisted);
            deletions.add(Table::Proofs, Some(partition.clone()), user.to_string(), Act::Delete(present()));
        }
        if items.is_empty() {
            return Ok(Page::Empty);
        }
        Box::pin(commit(&self.app().aws, None, "", lists)).await.map_err(Problem::from)?;
        let count = items.len() as u64;
        begun.tally.memberships += count;
        begun.found += count;
        Ok(Page::Some(deletions))
    }

    /// Deletes the proofs of one of the workspace's partitions, and adds them to a count of the tally.
    async fn delete_proofs(
        &self,
        begun: &mut Begun,
        partition: String,
        count: impl FnOnce(&mut Tally) -> &mut u64 + Send,
    ) -> Result<Page, Problem> {
        let sorts = Box::pin(self.reader().await?.sort_keys(Table::Proofs, &partition, PAGE)).await?;
        if sorts.is_empty() {
            return Ok(Page::Empty);
        }
        let found = sorts.len() as u64;
        *count(&mut begun.tally) += found;
        begun.found += found;
        let mut deletions = Plan::default();
        for sort in sorts {
            deletions.add(Table::Proofs, Some(partition.clone()), sort, Act::Delete(present()));
        }
        Ok(Page::Some(deletions))
    }

    /// Deletes the versions that the last step recorded and counts them, or records the next ones. A version is in one
    /// record only: it is listed until it is deleted, and a record is deleted before the next listing.
    async fn delete_objects(&self, begun: &mut Begun) -> Result<Page, Problem> {
        if begun.versions.is_empty() {
            begun.versions = self.list_object_versions(PAGE).await?;
            if begun.versions.is_empty() {
                return Ok(Page::Empty);
            }
            return Ok(Page::Some(Plan::default()));
        }
        self.delete_object_versions(&begun.versions).await?;
        let versions = std::mem::take(&mut begun.versions);
        let count = versions.len() as u64;
        begun.tally.object_versions += count;
        begun.tally.object_bytes += versions.iter().map(|version| version.size_bytes).sum::<u64>();
        begun.found += count;
        Ok(Page::Some(Plan::default()))
    }

    /// The state of the erasure stays.
    async fn delete_items(&self, begun: &mut Begun, table: Table) -> Result<Page, Problem> {
        let (partition, state) = (self.partition(), state_key());
        let reader: Reader<'_> = self.reader().await?;
        let mut sorts = Box::pin(reader.sort_keys(table, &partition, PAGE)).await?;
        sorts.retain(|sort| table != Table::Tenants || *sort != state);
        if sorts.is_empty() {
            return Ok(Page::Empty);
        }
        let mut deletions = Plan::default();
        for sort in sorts {
            begun.found += 1;
            match table {
                Table::Outbox => begun.tally.messages += 1,
                Table::Audit => begun.tally.audit_entries += 1,
                _ => {
                    let kind = sort.split('#').next().unwrap_or_default().to_owned();
                    *begun.tally.items.entry(kind).or_default() += 1;
                }
            }
            deletions.add(table, Some(partition.clone()), sort, Act::Delete(present()));
        }
        Ok(Page::Some(deletions))
    }
}

/// An item that DynamoDB deletes itself, because it has expired, is not counted.
fn present() -> Expected {
    Expected::That("attribute_exists(pk)", HashMap::new())
}
