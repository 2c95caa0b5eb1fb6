//! Entities: the stored types of a domain, and their table attributes.

use std::borrow::Borrow;
use std::fmt::Display;
use std::ops::{Deref, DerefMut};

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::crypto::digest::sha256_hex;
use crate::kernel::ids::UserId;

/// An entity of a workspace. It defines its sort key; the scope defines the partition.
pub trait Entity: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Upper case, unique in the product: `POST`. The sort key is `<KIND>#<key>`.
    const KIND: &'static str;
    /// The version of the stored shape. A reader accepts this version and the previous one, because a deploy mixes
    /// both: new fields have `#[serde(default)]` until the version after.
    const VERSION: u32 = 1;
    /// The type of its key. A key of another kind does not compile.
    type Key: Display + Sync + ?Sized;

    fn key(&self) -> impl Borrow<Self::Key>;

    /// When it is due for a sweep, in every state that is not final.
    fn due(&self) -> Option<Due> {
        None
    }

    /// When it expires. Reads hide it from then on; DynamoDB deletes it days later.
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

/// An entry of the domain index: a user whose email address is in a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainEntry {
    /// The domain is in no key, as an address is in none.
    pub(crate) digest: String,
    pub(crate) user: UserId,
}

impl DomainEntry {
    /// `domain` has the form in which addresses have it.
    pub fn new(domain: &str, user: UserId) -> Self {
        Self { digest: Self::digest(domain), user }
    }

    /// The digest of a domain, for use where the domain must not appear.
    pub fn digest(domain: &str) -> String {
        sha256_hex(domain.as_bytes())
    }
}

/// An entity as read, with the revision on which a replacement is conditional.
pub struct Stored<E> {
    entity: E,
    pub(crate) revision: u64,
}

impl<E> Stored<E> {
    pub(crate) fn new(entity: E, revision: u64) -> Self {
        Self { entity, revision }
    }

    /// Marks it as committed in its current form: its next replacement is conditional on that write.
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

/// The sort key prefix of a kind, with a page's own prefix.
pub(crate) fn sort_prefix<E: Entity>(prefix: &str) -> String {
    format!("{}#{prefix}", E::KIND)
}
