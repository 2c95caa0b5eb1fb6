//! The audit log: who did what to what, in the same transaction as the change itself.

pub mod action;
pub mod actor;

pub use action::AuditAction;
pub use actor::Actor;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::aws::grants::Table;
use crate::kernel::ids::{Id, Identified};
use crate::kernel::problems::Problem;
use crate::kernel::trace::Traceparent;
use crate::table::commit::{Expected, Plan};
use crate::table::item::{Row, encode};

/// The target of the action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The kind, as the prefix of its ids: `post`.
    pub kind: String,
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<serde_json::Value>,
}

impl<T: Identified> From<Id<T>> for Target {
    fn from(id: Id<T>) -> Self {
        Self { kind: T::PREFIX.to_owned(), id: id.to_string(), detail: None }
    }
}

/// Who acts, and in which request or run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    #[serde(deserialize_with = "actor::of_either_shape")]
    pub actor: Actor,
    pub request_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// For messages and the log. An audit entry has its request's id.
    #[serde(skip)]
    pub traceparent: Option<Traceparent>,
}

impl Origin {
    /// The origin of a job's run.
    pub(crate) fn of_job(job: &str, run_id: String) -> Self {
        Self { actor: Actor::job(job), request_id: run_id, ip: None, user_agent: None, traceparent: None }
    }
}

/// An audit entry as stored and shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The version of this shape: 1; 0 for entries from before it had one.
    #[serde(default)]
    pub v: u32,
    pub id: String,
    pub at: Timestamp,
    pub action: String,
    pub target: Target,
    #[serde(flatten)]
    pub origin: Origin,
}

/// The version of an entry's shape.
const SHAPE: u32 = 1;

/// The sort key prefix of entries, whose ids are in chronological order.
pub(crate) const PREFIX: &str = "ENTRY#";

/// Adds an entry to a plan. Entries are append-only: a second one with the same id is refused, and no function has the
/// right to change or delete one.
pub(crate) fn record(
    plan: &mut Plan,
    id: String,
    at: Timestamp,
    action: &AuditAction,
    target: Target,
    origin: &Origin,
) -> Result<(), Problem> {
    let entry = AuditEntry { v: SHAPE, id, at, action: action.name().to_owned(), target, origin: origin.clone() };
    let row = Row {
        sort: format!("{PREFIX}{}", entry.id),
        version: 1,
        body: encode(&entry)?,
        due: None,
        domain: None,
        expires_at: None,
    };
    plan.put(Table::Audit, None, row, Expected::Absent);
    Ok(())
}
