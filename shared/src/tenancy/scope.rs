//! The scope: reads and changes of exactly one workspace.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::app::App;
use super::changes::Audited;
use super::entitlements::WorkspacePlan;
use super::listing::{Listing, Page};
use super::permissions::{Covers, Permission};
use super::remember::Remember;
use super::roles::Role;
use super::security_rules::SecurityRules;
use super::standing::Standing;
use super::usage;
use crate::audit::{self, Actor, AuditAction, AuditEntry, Origin, Target};
use crate::aws::grants::Table;
use crate::aws::session_policy::Subject;
use crate::aws::sessions::Session;
use crate::config::Sending;
use crate::kernel::author::Author;
use crate::kernel::entropy::Entropy;
use crate::kernel::ids::{Id, UserId, WorkspaceId, new_uuid};
use crate::kernel::problem_codes::SESSION_NEEDED;
use crate::kernel::problems::Problem;
use crate::outbox::{self, Cause};
use crate::table::commit::{Expected, Plan, commit};
use crate::table::entity::{Entity, Stored, sort_key, sort_prefix};
use crate::table::guard::Guard;
use crate::table::item::{Item, body, decode, string};
use crate::table::read::{PageQuery, Reader};
use crate::table::version::Watch;

/// One workspace, for one request or run. It cannot be built, copied or stored outside `shared`: isolation by the type
/// system, in addition to IAM.
pub struct Scope {
    pub(crate) app: Arc<App>,
    workspace: WorkspaceId,
    security: SecurityRules,
    pub(crate) origin: Origin,
    /// The name of the route or job, for cursors.
    function: &'static str,
    /// The revision of the workspace's directory entry, if admission read it.
    directory: Option<u64>,
    /// The caller, if a user acts.
    pub(crate) guard: Option<Arc<Guard>>,
    remember: Option<Arc<Remember>>,
    pub(crate) watch: Option<Arc<Watch>>,
}

/// The parts of a proof.
pub(crate) struct ScopeParts {
    pub(crate) app: Arc<App>,
    pub(crate) workspace: WorkspaceId,
    pub(crate) security: SecurityRules,
    pub(crate) origin: Origin,
    pub(crate) function: &'static str,
    pub(crate) directory: Option<u64>,
    pub(crate) guard: Option<Arc<Guard>>,
    pub(crate) remember: Option<Arc<Remember>>,
    pub(crate) watch: Option<Arc<Watch>>,
}

impl Scope {
    pub(crate) fn new(parts: ScopeParts) -> Self {
        Self {
            app: parts.app,
            workspace: parts.workspace,
            security: parts.security,
            origin: parts.origin,
            function: parts.function,
            directory: parts.directory,
            guard: parts.guard,
            remember: parts.remember,
            watch: parts.watch,
        }
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn partition(&self) -> String {
        format!("W#{}", self.workspace)
    }

    pub fn id(&self) -> WorkspaceId {
        self.workspace
    }

    pub fn now(&self) -> Timestamp {
        self.app.aws.clock.now()
    }

    /// A new identifier, from the injected clock and randomness.
    pub fn new_id<T>(&self) -> Id<T> {
        Id::new(&self.app.aws.clock, &self.app.aws.entropy)
    }

    pub fn entropy(&self) -> &Entropy {
        &self.app.aws.entropy
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.origin.actor
    }

    /// The workspace's security rules.
    pub fn security(&self) -> &SecurityRules {
        &self.security
    }

    /// Whether anything may be sent, and which deliveries a restore makes doubtful.
    pub fn sending(&self) -> Sending {
        self.app.aws.config.sending
    }

    /// The revision of the workspace's directory entry at admission.
    pub(crate) fn directory_revision(&self) -> Result<u64, Problem> {
        self.directory.ok_or_else(|| Problem::internal("the directory entry was not read"))
    }

    pub(super) async fn session(&self) -> Result<Session, Problem> {
        self.session_for(None).await
    }

    async fn session_for(&self, user: Option<UserId>) -> Result<Session, Problem> {
        let subject = Subject { workspace: self.workspace, user };
        self.app.aws.sessions.session(&self.app.aws, self.app.grants, subject).await
    }

    pub(crate) async fn reader(&self) -> Result<Reader<'_>, Problem> {
        Ok(Reader { aws: &self.app.aws, session: Some(self.session().await?) })
    }

    /// The entity of this key. 404 if it does not exist or has expired.
    pub async fn get<E: Entity>(&self, key: &E::Key) -> Result<Stored<E>, Problem> {
        self.find(key).await?.ok_or_else(Problem::not_found)
    }

    /// The entity of this key, if it exists.
    pub async fn find<E: Entity>(&self, key: &E::Key) -> Result<Option<Stored<E>>, Problem> {
        let sort = sort_key::<E>(key);
        let item = self.find_item(Table::Tenants, sort.clone()).await?;
        let Some(stored) = item.as_ref().map(decode).transpose()? else { return Ok(None) };
        self.watched(&sort, &stored)?;
        Ok(Some(stored))
    }

    /// Records that an entity was read, which may be the resource of the request.
    pub(crate) fn watched<E: Entity>(&self, sort: &str, stored: &Stored<E>) -> Result<(), Problem> {
        let read = |watch: &Arc<Watch>| watch.read(Table::Tenants, (&self.partition(), sort), stored.revision);
        self.watch.as_ref().map_or(Ok(()), read)
    }

    /// Adds values that the response depends on, in addition to the resource (`Endpoint::VERSIONED`), to its version. Call it
    /// before the resource is read.
    pub fn vary_version_by(&self, values: &impl Serialize) -> Result<(), Problem> {
        self.watch.as_ref().map_or(Ok(()), |watch| watch.vary_by(values))
    }

    pub(crate) async fn find_item(&self, table: Table, sort: String) -> Result<Option<Item>, Problem> {
        Box::pin(async move { self.reader().await?.get(table, &self.partition(), &sort).await }).await
    }

    /// The entities of up to 100 distinct keys in one call, in the order of the keys; None for a missing one.
    pub async fn find_all<E: Entity<Key: Sized>>(&self, keys: &[E::Key]) -> Result<Vec<Option<Stored<E>>>, Problem> {
        let sorts: Vec<String> = keys.iter().map(sort_key::<E>).collect();
        let mut found = self.find_items(sorts.clone()).await?;
        sorts.iter().map(|sort| found.remove(sort).as_ref().map(decode).transpose()).collect()
    }

    pub(super) async fn find_items(&self, sorts: Vec<String>) -> Result<HashMap<String, Item>, Problem> {
        if sorts.is_empty() {
            return Ok(HashMap::new());
        }
        Box::pin(async move {
            let partition = self.partition();
            let keys = sorts.into_iter().map(|sort| (partition.clone(), sort)).collect();
            let items = self.reader().await?.batch(Table::Tenants, keys).await?;
            Ok(items.into_iter().filter_map(|item| Some((string(&item, "sk")?.to_owned(), item))).collect())
        })
        .await
    }

    /// A page of the entities whose key starts with `prefix` (empty: all of the kind).
    pub async fn page<E: Entity>(&self, prefix: &str, page: &Page) -> Result<Listing<Stored<E>>, Problem> {
        let (items, next_cursor) = self.items(Table::Tenants, sort_prefix::<E>(prefix), page.clone()).await?;
        Ok(Listing { items: items.iter().map(decode).collect::<Result<_, _>>()?, next_cursor })
    }

    /// A page of entities in key order, for work that stores its position: the entities after the key `after`, and the
    /// key after which the next page begins, or None at the end.
    pub async fn walk<E: Entity>(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Stored<E>>, Option<String>), Problem> {
        let (partition, prefix) = (self.partition(), sort_prefix::<E>(prefix));
        let (table, after, newest_first) = (Table::Tenants, after.map(sort_prefix::<E>), false);
        let query = PageQuery { table, partition: &partition, prefix: &prefix, after, limit, newest_first };
        let (items, next) = Box::pin(async move { self.reader().await?.page(query).await }).await?;
        let next = next.and_then(|sort| Some(sort.strip_prefix(E::KIND)?.strip_prefix('#')?.to_owned()));
        Ok((items.iter().map(decode).collect::<Result<_, _>>()?, next))
    }

    /// A page of the workspace's audit log.
    pub async fn audit_entries(&self, page: &Page) -> Result<Listing<AuditEntry>, Problem> {
        let (items, next_cursor) = self.items(Table::Audit, audit::PREFIX.to_owned(), page.clone()).await?;
        Ok(Listing { items: items.iter().map(body).collect::<Result<_, _>>()?, next_cursor })
    }

    async fn items(&self, table: Table, prefix: String, page: Page) -> Result<(Vec<Item>, Option<String>), Problem> {
        Box::pin(async move {
            let bound_to = format!("{}|{}|{}", self.origin.actor, self.function, self.workspace);
            let partition = self.partition();
            self.app.page(self.reader().await?, (table, &partition, &prefix), &bound_to, &page).await
        })
        .await
    }

    /// Commits changes with their audit entries and messages, all or nothing.
    pub async fn commit(&self, audited: Audited) -> Result<(), Problem> {
        Box::pin(self.commit_plan(audited, Plan::default())).await
    }

    /// The same, preceded by writes of `shared` itself: a directory entry, the state of a run.
    pub(crate) async fn commit_plan(&self, audited: Audited, first: Plan) -> Result<(), Problem> {
        self.commit_listing(audited, first, None).await
    }

    /// The same under a session that may also change this user's list of workspaces.
    pub(crate) async fn commit_listing(
        &self,
        audited: Audited,
        mut first: Plan,
        user: Option<UserId>,
    ) -> Result<(), Problem> {
        let Audited { changes, entries, messages } = audited;
        let remember = self.remember.as_ref().filter(|remember| !remember.is_carried());
        let resource =
            |kind: &str| entries.iter().find(|(_, target)| target.kind == kind).map(|(_, target)| target.id.clone());
        let remember = remember.and_then(|remember| Some((remember, resource(remember.kind)?)));
        first.append(changes.into_plan()?);
        for (action, target) in entries {
            self.record(&mut first, action, target)?;
        }
        for posted in messages {
            let aws = &self.app.aws;
            let id = new_uuid(&aws.clock, &aws.entropy).simple().to_string();
            let Origin { request_id, traceparent, .. } = &self.origin;
            let cause = Cause { id: request_id, traceparent: traceparent.as_ref() };
            outbox::post(&mut first, id, self.now(), cause, posted)?;
        }
        let carried = match remember {
            Some((remember, resource)) => {
                let row = remember.row(resource, self.now())?;
                first.put(remember.table, Some(remember.partition.clone()), row, Expected::Absent);
                Some(remember)
            }
            None => None,
        };
        if first.is_empty() {
            return Ok(());
        }
        if let Some(guard) = &self.guard {
            guard.add_to(&mut first)?;
        }
        let written = self.watch.as_ref().map(|watch| watch.writes(&first, &self.partition())).transpose()?;
        let session = self.session_for(user).await?;
        let outcome = commit(&self.app.aws, Some(&session), &self.partition(), first).await;
        outcome.map_err(|uncommitted| Watch::refusal(self.watch.as_deref(), usage::with_current(uncommitted)))?;
        if let (Some(watch), Some(written)) = (&self.watch, written) {
            watch.wrote(written);
        }
        if let Some(remember) = carried {
            remember.carry();
        }
        Ok(())
    }

    pub(crate) fn record(&self, plan: &mut Plan, action: &AuditAction, target: Target) -> Result<(), Problem> {
        let aws = &self.app.aws;
        let id = new_uuid(&aws.clock, &aws.entropy).simple().to_string();
        audit::record(plan, id, self.now(), action, target, &self.origin)
    }
}

/// The proof that the caller is a member of this workspace, or a token of it, whose role has the permission `P`; or a member
/// of the staff in an override session that has it.
pub struct Workspace<P: Permission> {
    scope: Scope,
    author: Author,
    standing: Standing,
    plan: WorkspacePlan,
    name: String,
    trashed_at: Option<Timestamp>,
    is_read_only: bool,
    permission: PhantomData<fn() -> P>,
}

impl<P: Permission> Workspace<P> {
    pub(crate) fn prove(
        scope: Scope,
        author: Author,
        standing: Standing,
        (plan, name, trashed_at): (WorkspacePlan, String, Option<Timestamp>),
        is_read_only: bool,
    ) -> Self {
        Self { scope, author, standing, plan, name, trashed_at, is_read_only, permission: PhantomData }
    }

    /// Whether the plan has no room for the caller, who can only read.
    pub fn is_read_only(&self) -> bool {
        self.is_read_only
    }

    /// When the workspace was moved to the trash.
    pub fn trashed_at(&self) -> Option<Timestamp> {
        self.trashed_at
    }

    /// Who makes what the request makes.
    pub fn author(&self) -> Author {
        self.author
    }

    /// The user who acts; 403 for a token of the workspace, which is of no user, and for an override session.
    pub fn user(&self) -> Result<UserId, Problem> {
        match self.author {
            Author::User(user) => Ok(user),
            Author::Token(_) => Err(Problem::new(
                SESSION_NEEDED,
                "This needs a session of a member: a token of the workspace cannot do it.",
            )),
            Author::Override(_) => {
                let detail = "This needs a session of a member: an override session cannot do it.";
                Err(Problem::new(SESSION_NEEDED, detail))
            }
        }
    }

    pub fn role(&self) -> Role {
        self.standing.role()
    }

    /// The name of the workspace.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The workspace's plan.
    pub fn plan(&self) -> &WorkspacePlan {
        &self.plan
    }

    /// 403 if the caller's role lacks an additional permission that some inputs of the route need. The route declares
    /// it (`Endpoint::SOME_NEED`).
    pub fn permit<Q: Permission>(&self) -> Result<(), Problem> {
        Q::DECLARED.require(self.standing)
    }

    /// The same proof for code that requires less.
    pub fn scope_for<L: Permission>(&self) -> &Scope
    where
        P: Covers<L>,
    {
        &self.scope
    }
}

impl<P: Permission> Deref for Workspace<P> {
    type Target = Scope;

    fn deref(&self) -> &Scope {
        &self.scope
    }
}
