//! Account records: their keys, and combined reads.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aws::grants::Table;
use crate::crypto::digest::sha256_hex;
use crate::kernel::ids::{StaffId, UserId};
use crate::kernel::problems::Problem;
use crate::kernel::secrets::SecretText;
use crate::table::entity::{DomainEntry, Stored};
use crate::table::item::{Item, string, versioned};
use crate::table::version::{Versioned, Watch};

/// The kind of the record of a user itself.
pub(crate) const USER: &str = "USER";

/// A record of the Accounts table.
pub trait AccountRecord: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// In upper case: `USER`. There is one record of a kind per key, unless `part` distinguishes them.
    const KIND: &'static str;
    /// The version of the stored shape, as that of an [`Entity`](crate::table::Entity).
    const VERSION: u32 = 1;

    fn account_key(&self) -> AccountKey;

    fn part(&self) -> String {
        String::new()
    }

    /// When it expires. Reads hide it from then on; DynamoDB deletes it days later.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }

    /// When a job must process it. The entry is stored in the due index of the table, under the kind.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// The user whom the staff finds by the domain of an address. The entry is stored in the domain index of the table.
    fn domain(&self) -> Option<DomainEntry> {
        None
    }
}

/// The key of an account record. Personal or secret parts are digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub enum AccountKey {
    User(UserId),
    /// A normalised email address.
    Email(String),
    /// A refresh token as the client holds it.
    Token(String),
    /// A ceremony that a client started: the digest of its token.
    Ceremony(String),
    /// A member of the operator's staff.
    Staff(StaffId),
    /// The address of a member of the staff: the digest of the normalised address.
    StaffAddress(String),
    /// The link with which a member of the staff registers a passkey: the digest of its token.
    StaffEnrolment(String),
}

impl AccountKey {
    /// The key of a token: only its digest is stored.
    pub fn token(token: &SecretText) -> Self {
        Self::Token(sha256_hex(token.expose().as_bytes()))
    }

    pub fn email(normalised: &str) -> Self {
        Self::Email(Self::email_digest(normalised))
    }

    /// The digest of a normalised email address, for use where the address must not appear.
    pub fn email_digest(normalised: &str) -> String {
        sha256_hex(normalised.as_bytes())
    }

    pub(crate) fn partition(&self) -> String {
        match self {
            Self::User(user) => format!("U#{user}"),
            Self::Email(digest) => format!("E#{digest}"),
            Self::Token(digest) => format!("R#{digest}"),
            Self::Ceremony(digest) => format!("C#{digest}"),
            Self::Staff(id) => format!("STAFF#{id}"),
            Self::StaffAddress(digest) => format!("STAFF#E#{digest}"),
            Self::StaffEnrolment(digest) => format!("STAFF#L#{digest}"),
        }
    }
}

pub(crate) fn sort_key<R: AccountRecord>(part: &str) -> String {
    if part.is_empty() { R::KIND.to_owned() } else { format!("{}#{part}", R::KIND) }
}

pub(crate) fn stored<R: AccountRecord>(item: &Item) -> Result<Stored<R>, Problem> {
    versioned(item, R::KIND, R::VERSION)
}

/// Records that a record was read, which may be the resource of the request.
pub(crate) fn watched<R: AccountRecord>(
    watch: Option<&Watch>,
    key: (&str, &str),
    found: Option<Stored<R>>,
) -> Result<Option<Stored<R>>, Problem> {
    if let (Some(watch), Some(stored)) = (watch, &found) {
        watch.read(Table::Accounts, key, stored.revision)?;
    }
    Ok(found)
}

impl Versioned {
    /// A resource of the caller. The request may have conditions.
    pub const fn record<R: AccountRecord>() -> Self {
        Self::stored(Table::Accounts, R::KIND, R::VERSION)
    }
}

/// Records to read in one request.
#[derive(Default)]
pub struct Wanted {
    pub(crate) keys: Vec<(String, String)>,
}

impl Wanted {
    /// The record of a kind.
    pub fn of<R: AccountRecord>(self, key: &AccountKey) -> Self {
        self.part::<R>(key, &"")
    }

    /// The record of a kind and part.
    pub fn part<R: AccountRecord>(mut self, key: &AccountKey, part: &dyn Display) -> Self {
        self.keys.push((key.partition(), sort_key::<R>(&part.to_string())));
        self
    }
}

/// Records that were read in one request.
pub struct LookedUp {
    items: HashMap<(String, String), Item>,
    watch: Option<Arc<Watch>>,
}

impl LookedUp {
    pub(crate) fn new(items: Vec<Item>, watch: Option<Arc<Watch>>) -> Self {
        let keyed = items.into_iter().filter_map(|item| {
            let key = (string(&item, "pk")?.to_owned(), string(&item, "sk")?.to_owned());
            Some((key, item))
        });
        Self { items: keyed.collect(), watch }
    }

    /// The record of a kind, if there is one.
    pub fn take<R: AccountRecord>(&mut self, key: &AccountKey) -> Result<Option<Stored<R>>, Problem> {
        self.take_part(key, &"")
    }

    pub fn take_part<R: AccountRecord>(
        &mut self,
        key: &AccountKey,
        part: &dyn Display,
    ) -> Result<Option<Stored<R>>, Problem> {
        let key = (key.partition(), sort_key::<R>(&part.to_string()));
        let found = self.items.remove(&key).as_ref().map(stored).transpose()?;
        watched(self.watch.as_deref(), (&key.0, &key.1), found)
    }
}
