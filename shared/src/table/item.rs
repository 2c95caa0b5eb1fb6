//! Items: the table format of an entity.
//!
//! `pk`, `sk`; `e` the entity; `v` its shape's version; `n` its revision; `w` the id of its last write; `ttl` its
//! expiry in epoch seconds; `due_pk`, `due_sk` its entry in the due index; `domain_pk`, `domain_sk` its entry in the domain
//! index.

use std::borrow::Borrow as _;
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::entity::{DomainEntry, Due, Entity, Stored, sort_key};
use crate::crypto::digest::sha256;
use crate::kernel::problems::Problem;
use crate::kernel::time::sortable;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Shards of the due index: one partition allows 1,000 writes a second.
pub(crate) const DUE_SHARDS: u8 = 16;

/// A row before it has a partition key and a write id.
pub(crate) struct Row {
    pub(crate) sort: String,
    pub(crate) version: u32,
    pub(crate) body: AttributeValue,
    pub(crate) due: Option<(String, Due)>,
    pub(crate) domain: Option<DomainEntry>,
    pub(crate) expires_at: Option<Timestamp>,
}

impl Row {
    pub(crate) fn of<E: Entity>(entity: &E) -> Result<Self, Problem> {
        Ok(Self {
            sort: sort_key::<E>(entity.key().borrow()),
            version: E::VERSION,
            body: encode(entity)?,
            due: entity.due().map(|due| (E::KIND.to_ascii_lowercase(), due)),
            domain: None,
            expires_at: entity.expires_at(),
        })
    }

    pub(crate) fn into_item(self, partition: &str, revision: u64, write_id: &str) -> Item {
        let mut item = Item::from([
            ("pk".to_owned(), text(partition)),
            ("v".to_owned(), number(self.version)),
            ("n".to_owned(), number(revision)),
            ("w".to_owned(), text(write_id)),
            ("e".to_owned(), self.body),
        ]);
        if let Some((kind, due)) = self.due {
            item.insert("due_pk".to_owned(), text(due_partition(&kind, shard(partition, &self.sort))));
            item.insert("due_sk".to_owned(), text(format!("{}#{}", sortable(due.at), self.sort)));
        }
        if let Some(DomainEntry { digest, user }) = self.domain {
            item.insert("domain_pk".to_owned(), text(digest));
            item.insert("domain_sk".to_owned(), text(user.to_string()));
        }
        if let Some(expires_at) = self.expires_at {
            item.insert("ttl".to_owned(), number(expires_at.as_second()));
        }
        item.insert("sk".to_owned(), text(self.sort));
        item
    }
}

fn shard(partition: &str, sort: &str) -> u8 {
    sha256(format!("{partition}|{sort}").as_bytes())[0] % DUE_SHARDS
}

pub(crate) fn due_partition(kind: &str, shard: u8) -> String {
    format!("{kind}#{shard:x}")
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn encode<T: Serialize>(value: &T) -> Result<AttributeValue, Problem> {
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value).map_err(Problem::internal)
}

pub(crate) fn body<T: DeserializeOwned>(item: &Item) -> Result<T, Problem> {
    let body = item.get("e").cloned().ok_or_else(|| Problem::internal("an item has no body"))?;
    serde_dynamo::aws_sdk_dynamodb_1::from_attribute_value(body).map_err(Problem::internal)
}

pub(crate) fn decode<E: Entity>(item: &Item) -> Result<Stored<E>, Problem> {
    versioned(item, E::KIND, E::VERSION)
}

/// The content of an item, if it has the shape of this version or the previous one.
pub(crate) fn versioned<T: DeserializeOwned>(item: &Item, kind: &str, version: u32) -> Result<Stored<T>, Problem> {
    let found = integer(item, "v").unwrap_or_default();
    let accepted = u64::from(version.saturating_sub(1))..=u64::from(version);
    if !accepted.contains(&found) {
        return Err(Problem::internal(format!(
            "{kind} has shape {found}; this build reads shape {version} and the previous one"
        )));
    }
    let revision = integer(item, "n").ok_or_else(|| Problem::internal("an item has no revision"))?;
    Ok(Stored::new(body(item)?, revision))
}

pub(crate) fn string<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

pub(crate) fn integer(item: &Item, name: &str) -> Option<u64> {
    item.get(name).and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok())
}

/// Whether an item has expired, though DynamoDB may not have deleted it yet.
pub(crate) fn expired(item: &Item, now: Timestamp) -> bool {
    integer(item, "ttl").is_some_and(|ttl| i64::try_from(ttl).is_ok_and(|ttl| ttl <= now.as_second()))
}
