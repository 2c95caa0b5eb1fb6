//! When a job is due for a workspace next. A workspace is founded with an entry for each such job.

use std::borrow::Borrow;
use std::marker::PhantomData;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::kernel::time::after;
use crate::table::Entity;
use crate::table::entity::{Due, Stored};

/// A job that is due for each workspace again and again.
pub trait Recurring: 'static {
    /// The kind of its entries.
    const KIND: &'static str;
    /// The time between two runs for one workspace.
    const BETWEEN: SignedDuration;
}

/// When the job is due next.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct NextRun<R> {
    at: Timestamp,
    #[serde(skip)]
    job: PhantomData<fn() -> R>,
}

impl<R: Recurring> NextRun<R> {
    pub const KEY: &'static str = "NEXT";

    pub fn after(now: Timestamp) -> Self {
        Self { at: after(now, R::BETWEEN), job: PhantomData }
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        self.at <= now
    }
}

impl<R: Recurring> Stored<NextRun<R>> {
    /// The same entry for the next time.
    #[must_use]
    pub fn postponed(mut self, now: Timestamp) -> Self {
        *self = NextRun::after(now);
        self
    }
}

impl<R: Recurring> Entity for NextRun<R> {
    const KIND: &'static str = R::KIND;
    type Key = str;

    fn key(&self) -> impl Borrow<Self::Key> {
        Self::KEY
    }

    fn due(&self) -> Option<Due> {
        Some(Due::at(self.at))
    }
}
