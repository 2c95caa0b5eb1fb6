//! Work across workspaces: a named reason, the directory and due indexes, and one workspace at a time.

use std::marker::PhantomData;
use std::sync::Arc;

use jiff::Timestamp;

use super::app::App;
use super::keys::RECORD;
use super::scope::{Scope, ScopeParts};
use super::security_rules::SecurityRules;
use super::tenant::Tenant;
use crate::audit::Origin;
use crate::aws::grants::Table;
use crate::aws::queues::MAX_DELAY_S;
use crate::config::Sending;
use crate::kernel::ids::WorkspaceId;
use crate::kernel::job_context::JobContext;
use crate::kernel::problems::Problem;
use crate::kernel::trace::Traceparent;
use crate::outbox::{self, Envelope};
use crate::system_events::{self, Occurrence};
use crate::table::commit::{Act, Expected, Plan, commit};
use crate::table::entity::{Entity, Stored};
use crate::table::item::{DUE_SHARDS, Item, body, decode, string};
use crate::table::read::{DueKey, Extent, Reader};

/// Why a job works across workspaces. The job's file declares it, and each run logs it.
pub trait Reason: Send + Sync + 'static {
    const WHY: &'static str;
}

/// The proof that a job may work across workspaces, for one run.
pub struct AllWorkspaces<R: Reason> {
    core: Core,
    reason: PhantomData<fn() -> R>,
}

pub(crate) struct Core {
    pub(crate) app: Arc<App>,
    pub(crate) function: &'static str,
    pub(crate) run_id: String,
    pub(crate) traceparent: Option<Traceparent>,
    pub(crate) context: JobContext,
}

/// The key of a due entity. It comes only from the index, so that no payload can name a workspace.
pub struct DueEntry {
    workspace: WorkspaceId,
    key: DueKey,
}

impl DueEntry {
    pub fn workspace(&self) -> WorkspaceId {
        self.workspace
    }
}

/// A row of the outbox, with its partition.
pub struct OutboxRow {
    pub(crate) partition: String,
    pub(crate) envelope: Envelope,
}

impl OutboxRow {
    pub fn message(&self) -> &str {
        &self.envelope.name
    }

    pub fn posted_at(&self) -> Timestamp {
        self.envelope.posted_at
    }
}

/// The result of relaying an outbox row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relayed {
    Sent,
    /// It is due later than a queue can delay: the sweep will send it.
    NotYet,
    /// Sending is off, or it may have been sent before a restore.
    Fenced,
}

impl<R: Reason> AllWorkspaces<R> {
    pub(crate) fn prove(core: Core) -> Self {
        tracing::info!(reason = R::WHY, job = core.function, "access across workspaces");
        Self { core, reason: PhantomData }
    }

    pub fn now(&self) -> Timestamp {
        self.core.app.aws.clock.now()
    }

    /// The context of this run.
    pub fn context(&self) -> &JobContext {
        &self.core.context
    }

    pub fn sending(&self) -> Sending {
        self.core.app.aws.config.sending
    }

    /// Records a system event.
    pub async fn emit(&self, occurrence: Occurrence) -> Result<(), Problem> {
        let origin = Origin::of_job(self.core.function, self.core.run_id.clone());
        Box::pin(system_events::emit(&self.core.app.aws, &origin, occurrence)).await
    }

    /// Every entity of a kind that is due by then, in chronological order within a shard.
    pub async fn due<E: Entity>(&self, until: Timestamp) -> Result<Vec<DueEntry>, Problem> {
        self.core.due_entries(E::KIND, until).await
    }

    /// The workspace of a due entity, and the entity; none if it has been deleted.
    pub async fn enter<E: Entity>(&self, entry: &DueEntry) -> Result<(Tenant, Option<Stored<E>>), Problem> {
        let tenant = Tenant::prove(self.core.scope(entry.workspace), self.core.context.clone());
        let item = tenant.find_item(Table::Tenants, entry.key.sort.clone()).await?;
        let found = item.as_ref().map(decode).transpose()?;
        Ok((tenant, found))
    }

    /// The rows of the outbox that the relay should have sent by now.
    pub fn overdue_messages(&self) -> Overdue<'_> {
        Overdue { core: &self.core, shards: 0..DUE_SHARDS, keys: Vec::new() }
    }

    /// Sends a row to the queues of these jobs and deletes it. If this is repeated, the jobs receive the same message
    /// id twice and act once.
    pub async fn relay(&self, row: &OutboxRow, jobs: &[String]) -> Result<Relayed, Problem> {
        Box::pin(self.core.relay(row, jobs)).await
    }

    /// Schedules the deletion of workspace keys that are older than a day and that no record names; returns their ARNs.
    pub async fn retire_orphan_keys(&self) -> Result<Vec<String>, Problem> {
        Box::pin(self.core.retire_orphan_keys()).await
    }
}

/// The overdue rows of the outbox, in batches, so that rows can be sent before the rest is read.
pub struct Overdue<'a> {
    core: &'a Core,
    shards: std::ops::Range<u8>,
    keys: Vec<DueKey>,
}

/// The maximum of one BatchGetItem.
const ROWS_AT_ONCE: usize = 100;

impl Overdue<'_> {
    /// The next rows, unordered; none if there are no more.
    pub async fn next(&mut self) -> Result<Option<Vec<OutboxRow>>, Problem> {
        let (reader, now) = (self.core.reader(), self.core.app.aws.clock.now());
        while self.keys.is_empty() {
            let Some(shard) = self.shards.next() else { return Ok(None) };
            self.keys = reader.due(Table::Outbox, outbox::DUE_KIND, shard, now, Extent::Whole).await?;
        }
        let keys = self.keys.drain(..self.keys.len().min(ROWS_AT_ONCE)).map(|key| (key.partition, key.sort)).collect();
        // The index lags behind the table: a missing row was sent by the relay.
        let items = reader.batch(Table::Outbox, keys).await?;
        let row = |item: &Item| {
            let partition = string(item, "pk").ok_or_else(|| Problem::internal("a row of the outbox without a key"))?;
            Ok(OutboxRow { partition: partition.to_owned(), envelope: body(item)? })
        };
        items.iter().map(row).collect::<Result<_, _>>().map(Some)
    }
}

/// A key younger than this may belong to a sealing in progress.
const ORPHAN_AGE_MS: i64 = 24 * 60 * 60 * 1000;

impl Core {
    pub(crate) fn scope(&self, workspace: WorkspaceId) -> Scope {
        Scope::new(ScopeParts {
            app: self.app.clone(),
            workspace,
            // A job acts on behalf of a member who was entitled to start it.
            security: SecurityRules::default(),
            origin: Origin {
                traceparent: self.traceparent.clone(),
                ..Origin::of_job(self.function, self.run_id.clone())
            },
            function: self.function,
            directory: None,
            guard: None,
            remember: None,
            watch: None,
        })
    }

    fn reader(&self) -> Reader<'_> {
        Reader { aws: &self.app.aws, session: None }
    }

    async fn due_keys(&self, table: Table, kind: &str, until: Timestamp) -> Result<Vec<DueKey>, Problem> {
        let reader = self.reader();
        let kind = kind.to_ascii_lowercase();
        let shards = (0..DUE_SHARDS).map(|shard| reader.due(table, &kind, shard, until, Extent::Whole));
        Ok(futures::future::try_join_all(shards).await?.into_iter().flatten().collect())
    }

    async fn due_entries(&self, kind: &str, until: Timestamp) -> Result<Vec<DueEntry>, Problem> {
        let keys = self.due_keys(Table::Tenants, kind, until).await?;
        keys.into_iter()
            .map(|key| match key.partition.strip_prefix("W#").and_then(|id| id.parse().ok()) {
                Some(workspace) => Ok(DueEntry { workspace, key }),
                None => Err(Problem::internal("a due entry outside a workspace")),
            })
            .collect()
    }

    pub(crate) async fn relay(&self, row: &OutboxRow, jobs: &[String]) -> Result<Relayed, Problem> {
        let aws = &self.app.aws;
        if aws.config.sending.fences(row.envelope.posted_at) {
            return Ok(Relayed::Fenced);
        }
        let delay_ms = row.envelope.not_before.map_or(0, |at| at.as_millisecond() - aws.clock.now().as_millisecond());
        // The queue delays by whole seconds; the job's runner waits for the rest of the last one.
        let delay_s = delay_ms.max(0) / 1000;
        if delay_s > MAX_DELAY_S {
            return Ok(Relayed::NotYet);
        }
        let body = serde_json::json!({ "partition": row.partition, "envelope": row.envelope }).to_string();
        for job in jobs {
            aws.enqueue(job, body.clone(), delay_s).await?;
        }
        let mut plan = Plan::default();
        let sort = format!("{}{}", outbox::PREFIX, row.envelope.id);
        plan.add(Table::Outbox, Some(row.partition.clone()), sort, Act::Delete(Expected::Any));
        commit(aws, None, &row.partition, plan).await.map_err(Problem::from)?;
        Ok(Relayed::Sent)
    }

    async fn retire_orphan_keys(&self) -> Result<Vec<String>, Problem> {
        let aws = &self.app.aws;
        let (mut retired, mut marker) = (Vec::new(), None);
        loop {
            let (keys, next) = aws.workspace_keys(marker).await?;
            for key in keys {
                let Some(facts) = aws.describe_workspace_key(&key).await? else { continue };
                let age_ms = aws.clock.now().as_millisecond() - facts.created_ms;
                if age_ms < ORPHAN_AGE_MS || self.names_key(facts.workspace, &facts.arn).await? {
                    continue;
                }
                aws.retire_key(&key).await?;
                retired.push(facts.arn);
            }
            match next {
                Some(next) => marker = Some(next),
                None => return Ok(retired),
            }
        }
    }

    async fn names_key(&self, workspace: WorkspaceId, arn: &str) -> Result<bool, Problem> {
        let scope = self.scope(workspace);
        let key = RECORD.strip_prefix("KEY#").unwrap_or(RECORD);
        let record: Option<Stored<super::keys::WorkspaceKey>> = scope.find(key).await?;
        Ok(record.is_some_and(|record| record.arn == arn))
    }
}

impl DueEntry {
    /// For a test that compares due entries.
    #[cfg(feature = "testing")]
    pub fn sort(&self) -> &str {
        &self.key.sort
    }
}
