//! The directory entry of a workspace, which admission reads, and the only way to change it.

use std::collections::HashMap;
use std::marker::PhantomData;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;

use super::erasure::Erasure;
use super::proofs::{self, DirectoryEntry};
use crate::aws::grants::Table;
use crate::config::Config;
use crate::kernel::ids::WorkspaceId;
use crate::kernel::networks::Networks;
use crate::kernel::problem_codes::{
    NETWORKS_EXCLUDE_CALLER, WORKSPACE_LIVES_ELSEWHERE, WORKSPACE_SUSPENDED, WORKSPACE_TRASHED,
};
use crate::kernel::problems::Problem;
use crate::table::commit::{Act, Expected, Plan, Write};
use crate::table::entity::sort_key;
use crate::table::item::{Row, body, encode, integer, number};
use crate::tenancy::permissions::ManageSecurity;
use crate::tenancy::scope::Scope;
use crate::tenancy::tenant::Tenant;
use crate::tenancy::{Audited, Covers, Overrides, Permission, ReadOnlyAfter, SecurityRules, Workspace, WorkspacePlan};

impl DirectoryEntry {
    /// The plan with the overrides that have not expired.
    pub(crate) fn plan_at(&self, now: Timestamp) -> WorkspacePlan {
        WorkspacePlan::new(self.plan.clone(), self.overrides.clone(), self.read_only_after.clone(), now)
    }

    /// 421 if another region or cell serves the workspace.
    pub(crate) fn require_here(&self, config: &Config) -> Result<(), Problem> {
        if (&self.region, &self.cell) == (&config.region, &config.cell) {
            return Ok(());
        }
        let detail = format!("This workspace lives at {}.", self.base_url);
        Err(Problem::new(WORKSPACE_LIVES_ELSEWHERE, detail).located(self.base_url.clone()))
    }

    /// 403 while the workspace is suspended.
    pub(crate) fn require_active(&self) -> Result<(), Problem> {
        if self.suspended {
            return Err(Problem::new(WORKSPACE_SUSPENDED, "This workspace is suspended."));
        }
        Ok(())
    }

    /// 403 while the workspace is in the trash.
    pub(crate) fn require_kept(&self) -> Result<(), Problem> {
        if self.erasing_at.is_some() {
            return Err(Problem::new(WORKSPACE_TRASHED, "This workspace is being erased."));
        }
        if self.trashed_at.is_some() {
            return Err(Problem::new(WORKSPACE_TRASHED, "This workspace is in the trash. An owner can restore it."));
        }
        Ok(())
    }
}

/// A workspace's directory entry as it was read.
pub struct Directory<'a> {
    scope: &'a Scope,
    entry: DirectoryEntry,
    revision: u64,
}

impl<'a> Directory<'a> {
    pub(crate) async fn read(scope: &'a Scope) -> Result<Self, Problem> {
        let (partition, sort) = proofs::directory(scope.id());
        let item = Box::pin(async { scope.reader().await?.get(Table::Proofs, &partition, &sort).await }).await?;
        let item = item.ok_or_else(Problem::not_found)?;
        let revision = integer(&item, "n").ok_or_else(|| Problem::internal("a directory entry has no revision"))?;
        Ok(Self { scope, entry: body(&item)?, revision })
    }

    pub fn workspace(&self) -> WorkspaceId {
        self.scope.id()
    }

    pub fn name(&self) -> &str {
        &self.entry.name
    }

    pub fn plan(&self) -> WorkspacePlan {
        self.entry.plan_at(self.scope.now())
    }

    /// Every override, including expired ones.
    pub fn overrides(&self) -> &Overrides {
        &self.entry.overrides
    }

    /// What is read-only because the plan has no room for it.
    pub fn read_only_after(&self) -> &ReadOnlyAfter {
        &self.entry.read_only_after
    }

    /// The workspace's security rules.
    pub fn security(&self) -> &SecurityRules {
        &self.entry.security
    }

    /// 421 if another region or cell serves the workspace, 403 if its erasure has begun: what is written then could stay.
    pub(crate) fn require_not_erased(&self) -> Result<(), Problem> {
        self.entry.require_here(&self.scope.app().aws.config)?;
        if self.entry.erasing_at.is_some() { self.entry.require_kept() } else { Ok(()) }
    }

    /// 403 if the workspace admits no one: it is suspended, or in the trash.
    pub(crate) fn require_open(&self) -> Result<(), Problem> {
        self.entry.require_active()?;
        self.entry.require_kept()
    }

    /// Requires, in a plan, that the entry has not changed since it was read.
    pub(crate) fn unchanged(&self, plan: &mut Plan) {
        let (partition, sort) = proofs::directory(self.scope.id());
        plan.add(Table::Proofs, Some(partition), sort, Act::Check(Expected::Revision(self.revision)));
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    pub fn is_suspended(&self) -> bool {
        self.entry.suspended
    }

    pub fn is_trashed(&self) -> bool {
        self.trashed_at().is_some()
    }

    pub fn trashed_at(&self) -> Option<Timestamp> {
        self.entry.trashed_at
    }

    pub fn owners(&self) -> u32 {
        self.entry.owners
    }

    /// Starts a change, which is refused (409) if another one is committed first.
    pub fn change(&self) -> DirectoryChange<'a, ByOperator> {
        DirectoryChange::new(self.scope, self.revision, None)
    }
}

impl Tenant {
    /// The current directory entry of the workspace. One read; needs `Grant::ReadPlan`. 404 if it was deleted.
    pub async fn directory(&self) -> Result<Directory<'_>, Problem> {
        Directory::read(self).await
    }

    /// The current plan of the workspace, by the same read. Jobs need it, because they have no member's proof.
    pub async fn plan(&self) -> Result<WorkspacePlan, Problem> {
        Ok(self.directory().await?.plan())
    }
}

impl<P: Permission> Workspace<P> {
    fn change_directory(&self) -> Result<DirectoryChange<'_, ByMember>, Problem> {
        Ok(DirectoryChange::new(self, self.directory_revision()?, self.still_in_role()?))
    }

    /// Renames the workspace in the directory. The caller updates other copies of the name.
    pub fn rename(&self, name: &str) -> Result<DirectoryChange<'_, ByMember>, Problem> {
        Ok(self.change_directory()?.set("name", &name))
    }

    /// Moves the workspace to the trash, effective from the next request, and lets its erasure begin at `erased_from`. The
    /// caller's route decides who may.
    pub fn trash(&self, at: Timestamp, erased_from: Timestamp) -> Result<DirectoryChange<'_, ByMember>, Problem> {
        let mut change = self.change_directory()?.set("trashed_at", &at);
        change.others.put(Table::Tenants, None, Row::of(&Erasure::after_trash(at, erased_from))?, Expected::Any);
        Ok(change)
    }

    /// Takes the workspace out of the trash. `too_late` is the refusal once its erasure has begun.
    pub fn restore(&self, too_late: impl Into<Problem>) -> Result<DirectoryChange<'_, ByMember>, Problem> {
        let mut change = self.change_directory()?;
        change.removed.push("trashed_at");
        let not_begun = Expected::That("attribute_not_exists(e.#begun)", HashMap::new());
        change.others.add(Table::Tenants, None, sort_key::<Erasure>(Erasure::KEY), Act::Delete(not_begun));
        change.others.refuse(too_late.into());
        Ok(change)
    }

    /// Sets the security rules, effective from the next request. 422 if the networks do not contain the caller's address.
    pub fn secure(&self, rules: &SecurityRules) -> Result<DirectoryChange<'_, ByMember>, Problem>
    where
        P: Covers<ManageSecurity>,
    {
        let address = self.origin.ip.as_deref();
        if !rules.networks.admit(address) {
            let address = address.unwrap_or("unknown");
            let rule = format!("must contain your own address, {address}: you would be locked out");
            return Err(Problem::new(NETWORKS_EXCLUDE_CALLER, format!("networks {rule}.")).at("networks", rule));
        }
        Ok(self.change_directory()?.set("security", rules))
    }
}

/// A change of a workspace's directory entry. It is conditional on the revision that was read: an admin must not undo a
/// concurrent change by an owner. Needs `Grant::ChangeDirectory`.
#[must_use]
pub struct DirectoryChange<'a, By> {
    scope: &'a Scope,
    revision: u64,
    fields: Vec<(&'static str, Result<AttributeValue, Problem>)>,
    removed: Vec<&'static str>,
    /// Requires that the member still has the role that admitted them.
    author: Option<Write>,
    /// Other writes of the change.
    others: Plan,
    by: PhantomData<fn() -> By>,
}

/// A change by a member, limited to the method that started it.
pub enum ByMember {}
/// A change by a job, which may set any field.
pub enum ByOperator {}

impl DirectoryChange<'_, ByOperator> {
    pub fn name(self, name: &str) -> Self {
        self.set("name", &name)
    }

    pub fn plan(self, name: &str) -> Self {
        self.set("plan", &name)
    }

    /// Sets what differs from the plan, effective from the next request.
    pub fn overrides(self, overrides: &Overrides) -> Self {
        self.set_or_remove("overrides", Some(overrides).filter(|overrides| !overrides.is_empty()))
    }

    /// Sets what is read-only because the plan has no room for it, effective from the next request.
    pub fn read_only_after(self, read_only_after: &ReadOnlyAfter) -> Self {
        self.set_or_remove("read_only_after", Some(read_only_after).filter(|after| !after.is_empty()))
    }

    /// Admits members from every network, effective from the next request. `rules` are those of the entry that was read.
    pub fn lift_networks(self, rules: &SecurityRules) -> Self {
        self.set("security", &SecurityRules { networks: Networks::default(), ..rules.clone() })
    }

    /// Refuses every member, effective from the next request.
    pub fn suspend(self) -> Self {
        self.set("suspended", &true)
    }

    /// Marks the workspace as being erased: it cannot be restored any more.
    pub(crate) fn erase(self, at: Timestamp) -> Self {
        self.set("erasing_at", &at)
    }

    pub fn resume(self) -> Self {
        self.set("suspended", &false)
    }
}

impl<'a, By> DirectoryChange<'a, By> {
    fn new(scope: &'a Scope, revision: u64, author: Option<Write>) -> Self {
        let (fields, removed, others) = (Vec::new(), Vec::new(), Plan::default());
        Self { scope, revision, fields, removed, author, others, by: PhantomData }
    }

    /// Commits the change in one transaction with `audited`.
    pub async fn commit(self, audited: Audited) -> Result<(), Problem> {
        let scope = self.scope;
        Box::pin(scope.commit_plan(audited, self.into_plan()?)).await
    }

    /// The writes of the change.
    pub(crate) fn into_plan(self) -> Result<Plan, Problem> {
        let mut expression = "SET n = n + :one, w = :w".to_owned();
        let mut values =
            HashMap::from([(":one".to_owned(), number(1)), (":revision".to_owned(), number(self.revision))]);
        for (field, value) in self.fields {
            expression.push_str(&format!(", e.#{field} = :{field}"));
            values.insert(format!(":{field}"), value?);
        }
        for (number, field) in self.removed.iter().enumerate() {
            expression.push_str(if number == 0 { " REMOVE " } else { ", " });
            expression.push_str(&format!("e.#{field}"));
        }
        let update = Act::Update { expression: expression.into(), condition: Some("n = :revision"), values };
        let (partition, sort) = proofs::directory(self.scope.id());
        // Before the entry, so that the refusal of a restore that is too late says so.
        let mut plan = self.others;
        plan.add(Table::Proofs, Some(partition), sort, update);
        if let Some(author) = self.author {
            plan.require_first(author);
        }
        Ok(plan)
    }

    fn set_or_remove(mut self, field: &'static str, value: Option<&impl Serialize>) -> Self {
        match value {
            Some(value) => self.set(field, value),
            None => {
                self.removed.push(field);
                self
            }
        }
    }

    fn set(mut self, field: &'static str, value: &impl Serialize) -> Self {
        self.fields.retain(|(known, _)| *known != field);
        self.fields.push((field, encode(value)));
        self
    }
}
