//! Overrides: features and limits of one workspace that differ from its plan, each until an instant.
//!
//! The directory entry has their values, so that admission reads them with the plan; the reason of each is in the
//! workspace's own items, where a job also finds the ones that have expired. An expired override has no effect, whether
//! or not that job ran.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::Entity;
use crate::table::entity::Due;

/// How many overrides a workspace may have: every request reads them with the directory entry.
pub const MOST_OVERRIDES: usize = 20;

/// The overrides of a workspace by the names of their features and limits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Overrides(BTreeMap<String, Override>);

/// One override.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    pub value: OverrideValue,
    pub expires_at: Timestamp,
}

/// Whether a feature is included, or the value of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "must be true or false, or a whole number")]
pub enum OverrideValue {
    Included(bool),
    Limit(u64),
}

impl Overrides {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, name: &str) -> Option<&Override> {
        self.0.get(name)
    }

    #[must_use]
    pub fn with(mut self, name: &str, change: Override) -> Self {
        self.0.insert(name.to_owned(), change);
        self
    }

    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }

    /// Those that have not expired.
    pub(crate) fn active(mut self, now: Timestamp) -> Self {
        self.0.retain(|_, change| now < change.expires_at);
        self
    }
}

/// The record of an override: who may ask why it exists finds the reason here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanOverride {
    pub name: String,
    pub value: OverrideValue,
    pub reason: String,
    pub set_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Entity for PlanOverride {
    const KIND: &'static str = "PLAN_OVERRIDE";
    type Key = str;

    fn key(&self) -> impl Borrow<Self::Key> {
        self.name.as_str()
    }

    fn due(&self) -> Option<Due> {
        Some(Due::at(self.expires_at))
    }
}
