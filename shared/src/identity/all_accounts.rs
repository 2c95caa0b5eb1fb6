//! All accounts: the access of a job that works for every user.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;

use super::accounts::{Accounts, Store};
use super::proofs;
use super::records::{AccountRecord, USER, stored};
use crate::audit::Origin;
use crate::aws::grants::Table;
use crate::kernel::ids::UserId;
use crate::kernel::problems::Problem;
use crate::system_events::{self, SystemEvent};
use crate::table::commit::{Act, Expected, Plan, commit};
use crate::table::entity::Stored;
use crate::table::item::DUE_SHARDS;
use crate::table::read::{Extent, Reader};
use crate::tenancy::all_workspaces::Reason;
use crate::tenancy::app::App;

/// DynamoDB's limit for one batch.
const BATCH: usize = 100;

/// The proof that a job may work over all accounts, for one run.
pub struct AllAccounts<R: Reason> {
    accounts: Store,
    reason: PhantomData<fn() -> R>,
}

impl<R: Reason> AllAccounts<R> {
    pub(crate) fn prove(app: Arc<App>, function: &'static str, run_id: String) -> Self {
        tracing::info!(reason = R::WHY, job = function, "access to all accounts");
        let origin = Origin::of_job(function, run_id);
        Self {
            accounts: Store(Accounts { app, signing: Arc::default(), origin, guard: None, watch: None }),
            reason: PhantomData,
        }
    }

    /// Records of a kind that are due, including expired ones: a due record is often one to delete. Returns only a part
    /// of a large backlog; the next run takes the rest.
    pub async fn due<K: AccountRecord>(&self, until: Timestamp) -> Result<Vec<Stored<K>>, Problem> {
        let mut found = Vec::new();
        self.visit_due(until, Extent::FirstPage, |record| found.push(record)).await?;
        Ok(found)
    }

    /// Calls a function for every record of a kind that is due, one by one, without keeping them in memory.
    pub async fn each_due<K: AccountRecord>(
        &self,
        until: Timestamp,
        mut visit: impl FnMut(&Stored<K>) + Send,
    ) -> Result<(), Problem> {
        self.visit_due(until, Extent::Whole, |record| visit(&record)).await
    }

    async fn visit_due<K: AccountRecord>(
        &self,
        until: Timestamp,
        extent: Extent,
        mut visit: impl FnMut(Stored<K>) + Send,
    ) -> Result<(), Problem> {
        for keys in self.due_keys(K::KIND, until, extent).await?.chunks(BATCH) {
            let items = Box::pin(self.reader().batch_with_expired(Table::Accounts, keys.to_vec())).await?;
            for item in &items {
                visit(stored(item)?);
            }
        }
        Ok(())
    }

    /// Removes everything that is stored under a user's id: records, sessions, tokens, the list of workspaces. Returns
    /// the number of items. Records under an email address are removed separately.
    pub async fn erase(&self, user: UserId) -> Result<usize, Problem> {
        let mut erased = 0;
        let (partition, sort) = proofs::list(user);
        self.delete([(Table::Proofs, partition, sort)]).await?;
        // The record by which a later run finds the user is removed last, so that a crash leaves no orphans.
        for (table, partition) in [(Table::Proofs, format!("S#{user}")), (Table::Accounts, format!("U#{user}"))] {
            loop {
                let mut sorts = Box::pin(self.reader().sort_keys(table, &partition, BATCH)).await?;
                if sorts.len() > 1 {
                    sorts.retain(|sort| sort != USER);
                }
                if sorts.is_empty() {
                    break;
                }
                erased += sorts.len();
                self.delete(sorts.into_iter().map(|sort| (table, partition.clone(), sort))).await?;
            }
        }
        Ok(erased)
    }

    async fn delete(&self, keys: impl IntoIterator<Item = (Table, String, String)>) -> Result<(), Problem> {
        let mut plan = Plan::default();
        for (table, partition, sort) in keys {
            plan.add(table, Some(partition), sort, Act::Delete(Expected::Any));
        }
        Box::pin(commit(&self.accounts.app.aws, None, "", plan)).await.map_err(Problem::from)
    }

    /// The system events since an instant.
    pub async fn events_since(&self, since: Timestamp) -> Result<Vec<SystemEvent>, Problem> {
        Box::pin(system_events::since(&self.accounts.app.aws, since)).await
    }

    fn reader(&self) -> Reader<'_> {
        Reader { aws: &self.accounts.app.aws, session: None }
    }

    async fn due_keys(&self, kind: &str, until: Timestamp, extent: Extent) -> Result<Vec<(String, String)>, Problem> {
        let (reader, kind) = (self.reader(), kind.to_ascii_lowercase());
        let shards = (0..DUE_SHARDS).map(|shard| reader.due(Table::Accounts, &kind, shard, until, extent));
        let keys = futures::future::try_join_all(shards).await?.into_iter().flatten();
        // An item that moves in the index during paging appears twice, and a batch accepts no key twice.
        let unique: BTreeSet<_> = keys.map(|key| (key.partition, key.sort)).collect();
        Ok(unique.into_iter().collect())
    }
}

impl<R: Reason> Deref for AllAccounts<R> {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.accounts
    }
}
