//! Changes: the writes of a handler, committed as one transaction with their audit entries and outbox messages, or not
//! at all.

use std::borrow::Borrow as _;

use jiff::Timestamp;
use serde::Serialize;

use super::scope::Scope;
use crate::audit::{AuditAction, Target};
use crate::aws::grants::Table;
use crate::kernel::problem_codes::MODIFIED_CONCURRENTLY;
use crate::kernel::problems::Problem;
use crate::outbox::{Message, Posted};
use crate::table::commit::{Act, Expected, Plan};
use crate::table::entity::{Entity, Stored, sort_key};
use crate::table::item::Row;

/// Changes to one workspace, in the making. They become committable by naming their audit entry: `audit(…)`, or
/// `unaudited(why)`.
#[derive(Default)]
pub struct Changes {
    plan: Plan,
    failure: Option<Problem>,
}

/// Changes with their audit entries.
pub struct Audited {
    pub(crate) changes: Changes,
    pub(crate) entries: Vec<(&'static AuditAction, Target)>,
    pub(crate) messages: Vec<Posted>,
}

impl Changes {
    /// Adds an entity that must not exist.
    pub fn insert<E: Entity>(self, entity: &E) -> Self {
        self.row(Row::of(entity), Expected::Absent)
    }

    /// Replaces an entity, provided that it has not changed since it was read.
    pub fn replace<E: Entity>(self, stored: &Stored<E>) -> Self {
        self.row(Row::of(&**stored), Expected::Revision(stored.revision))
    }

    /// Writes an entity in any state.
    pub fn overwrite<E: Entity>(self, entity: &E) -> Self {
        self.row(Row::of(entity), Expected::Any)
    }

    /// Deletes an entity in any state, if it exists.
    pub fn forget<E: Entity>(mut self, key: &E::Key) -> Self {
        self.plan.add(Table::Tenants, None, sort_key::<E>(key), Act::Delete(Expected::Any));
        self
    }

    /// Deletes an entity, provided that it has not changed since it was read.
    pub fn delete<E: Entity>(mut self, stored: &Stored<E>) -> Self {
        let sort = sort_key::<E>(stored.key().borrow());
        self.plan.add(Table::Tenants, None, sort, Act::Delete(Expected::Revision(stored.revision)));
        self
    }

    /// Requires that an entity has not changed since it was read, without writing it.
    pub fn unchanged<E: Entity>(mut self, stored: &Stored<E>) -> Self {
        let sort = sort_key::<E>(stored.key().borrow());
        self.plan.add(Table::Tenants, None, sort, Act::Check(Expected::Revision(stored.revision)));
        self
    }

    /// The client's error if the condition of the last write does not hold.
    pub fn or(mut self, refusal: impl Into<Problem>) -> Self {
        self.plan.refuse(refusal.into());
        self
    }

    /// Applies `add` to each item of a list.
    pub fn each<T>(self, items: impl IntoIterator<Item = T>, add: impl FnMut(Self, T) -> Self) -> Self {
        items.into_iter().fold(self, add)
    }

    /// Adds an audit entry to the transaction: the action (`post.updated`) and its target.
    pub fn audit(self, action: &'static AuditAction, target: impl Into<Target>) -> Audited {
        Audited { changes: self, entries: Vec::new(), messages: Vec::new() }.audit(action, target)
    }

    /// Commits without an audit entry: for bookkeeping of a change that is audited elsewhere. The reason is for the
    /// reader.
    pub fn unaudited(self, _reason: &'static str) -> Audited {
        Audited { changes: self, entries: Vec::new(), messages: Vec::new() }
    }

    pub(super) fn update(mut self, table: Table, sort: String, update: Act) -> Self {
        self.plan.add(table, None, sort, update);
        self
    }

    /// Makes the commit fail with this problem.
    pub fn fail(mut self, problem: Problem) -> Self {
        self.failure = self.failure.or(Some(problem));
        self
    }

    fn row(mut self, row: Result<Row, Problem>, expected: Expected) -> Self {
        match row {
            Ok(row) => self.plan.put(Table::Tenants, None, row, expected),
            Err(problem) => self.failure = self.failure.or(Some(problem)),
        }
        self
    }

    pub(crate) fn into_plan(self) -> Result<Plan, Problem> {
        match self.failure {
            Some(problem) => Err(problem),
            None => Ok(self.plan),
        }
    }
}

impl Audited {
    /// Adds another audit entry to the same transaction.
    pub fn audit(mut self, action: &'static AuditAction, target: impl Into<Target>) -> Self {
        self.entries.push((action, target.into()));
        self
    }

    /// Adds details to the last audit entry: never a secret, never a user's text.
    pub fn detail(mut self, detail: impl Serialize) -> Self {
        match (serde_json::to_value(detail), self.entries.last_mut()) {
            (Ok(detail), Some((_, target))) => target.detail = Some(detail),
            (Ok(_), None) => {}
            (Err(error), _) => self.changes.failure = Some(Problem::internal(error)),
        }
        self
    }

    /// Sends a message through the outbox once the transaction is committed.
    pub fn send<M: Message>(self, message: &M) -> Self {
        self.posting(message, None)
    }

    /// Sends a message if there is one.
    pub fn send_if<M: Message>(self, message: Option<M>) -> Self {
        message.iter().fold(self, Self::send)
    }

    /// Sends a message that must not arrive before an instant, to the second.
    pub fn send_at<M: Message>(self, message: &M, not_before: Timestamp) -> Self {
        self.posting(message, Some(not_before))
    }

    pub(crate) fn post(mut self, posted: Posted) -> Self {
        self.messages.push(posted);
        self
    }

    fn posting<M: Message>(mut self, message: &M, not_before: Option<Timestamp>) -> Self {
        match Posted::new(message, not_before) {
            Ok(posted) => self.messages.push(posted),
            Err(problem) => self.changes.failure = Some(problem),
        }
        self
    }
}

impl Scope {
    /// Commits changes of a job that looks again anyway: false if something was changed since it was read.
    pub async fn commit_if_unchanged(&self, audited: Audited) -> Result<bool, Problem> {
        match self.commit(audited).await {
            Err(problem) if problem.code() == MODIFIED_CONCURRENTLY.code => Ok(false),
            committed => committed.map(|()| true),
        }
    }
}
