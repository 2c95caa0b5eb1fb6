//! Entities: what a domain stores, and what the table keeps beside it.

use std::borrow::Borrow;
use std::fmt::Display;
use std::ops::{Deref, DerefMut};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Something that a workspace owns. It gives its sort key; the partition is the scope's.
pub trait Entity: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Upper case, unique in the product: `POST`. The sort key is `<KIND>#<key>`.
    const KIND: &'static str;
    /// The version of the stored shape. A reader accepts this one and the one before it, because a
    /// deploy mixes both: new fields have `#[serde(default)]` until the version after.
    const VERSION: u32 = 1;
    /// What it is found by. A key of another kind does not compile.
    type Key: Display + Sync + ?Sized;

    fn key(&self) -> impl Borrow<Self::Key>;

    /// When a sweep must look at it, in every state that is not final.
    fn due(&self) -> Option<Due> {
        None
    }

    /// When it ceases to exist. Reads hide it from then on; DynamoDB deletes it days later.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// An entry of the due index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub at: Timestamp,
}

impl Due {
    pub fn at(at: Timestamp) -> Self {
        Self { at }
    }
}

/// An entity as it was read, with the revision that a replacement is conditional on.
pub struct Stored<E> {
    entity: E,
    pub(crate) revision: u64,
}

impl<E> Stored<E> {
    pub(crate) fn new(entity: E, revision: u64) -> Self {
        Self { entity, revision }
    }

    /// Says that it was just committed as it is: its next replacement is conditional on that write.
    pub fn committed(&mut self) {
        self.revision += 1;
    }

    pub fn into_inner(self) -> E {
        self.entity
    }
}

impl<E> Deref for Stored<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.entity
    }
}

impl<E> DerefMut for Stored<E> {
    fn deref_mut(&mut self) -> &mut E {
        &mut self.entity
    }
}

pub(crate) fn sort_key<E: Entity>(key: &E::Key) -> String {
    format!("{}#{key}", E::KIND)
}

/// What the sort keys of a kind start with, those of a page's prefix.
pub(crate) fn sort_prefix<E: Entity>(prefix: &str) -> String {
    format!("{}#{prefix}", E::KIND)
}
