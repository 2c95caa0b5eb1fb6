//! Repeatable requests: the record of a POST with an Idempotency-Key, written in the transaction that it commits.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::aws::grants::Table;
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::table::item::{Row, encode};

/// The record that makes a POST repeatable, which its commit includes (Idempotency-Key).
pub(crate) struct Remember {
    pub(crate) table: Table,
    pub(crate) partition: String,
    pub(crate) sort: String,
    /// The kind of resource that the request creates or changes.
    pub(crate) kind: &'static str,
    /// A digest of the route and the request's body: the same key with another body is refused.
    pub(crate) fingerprint: String,
    pub(crate) status: u16,
    /// Set once a commit included it: the handler's later commits do not repeat it.
    carried: AtomicBool,
}

/// The stored record for a repeated request: only the resource's id, no secret and no body.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(crate) fingerprint: String,
    pub(crate) status: u16,
    pub(crate) resource: String,
}

/// How long a request can be repeated. The description of the header tells clients.
pub const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(24);

impl Remember {
    pub(crate) fn new(
        (table, partition, sort): (Table, String, String),
        kind: &'static str,
        fingerprint: String,
        status: u16,
    ) -> Self {
        Self { table, partition, sort, kind, fingerprint, status, carried: AtomicBool::new(false) }
    }

    pub(crate) fn is_carried(&self) -> bool {
        self.carried.load(Ordering::Acquire)
    }

    pub(crate) fn carry(&self) {
        self.carried.store(true, Ordering::Release);
    }

    pub(crate) fn row(&self, resource: String, now: Timestamp) -> Result<Row, Problem> {
        let remembered = Remembered { fingerprint: self.fingerprint.clone(), status: self.status, resource };
        Ok(Row {
            sort: self.sort.clone(),
            version: 1,
            body: encode(&remembered)?,
            due: None,
            domain: None,
            expires_at: Some(after(now, REMEMBERED_FOR)),
        })
    }
}
