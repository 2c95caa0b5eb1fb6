//! Reads. Each is strongly consistent if the table allows it, and hides expired items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::item::{Item, due_partition, expired, string, text};
use crate::aws::grants::Table;
use crate::aws::sessions::Session;
use crate::aws::{Aws, failed};
use crate::kernel::problems::Problem;
use crate::kernel::time::sortable;
use jiff::Timestamp;

/// Rounds of BatchGetItem before unprocessed keys are a 503. They are never treated as absent.
const BATCH_ROUNDS: u32 = 4;

/// A page of the domain index.
pub(crate) struct DomainPage {
    /// The keys of items, in the order of their users.
    pub(crate) keys: Vec<(String, String)>,
    /// The position after which the next page begins, if there are more.
    pub(crate) next: Option<String>,
}

/// Reads tables in a workspace's session, or in none as the function's own role.
pub(crate) struct Reader<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) session: Option<Session>,
}

/// One page of a query: which rows, from where, in which order.
pub(crate) struct PageQuery<'a> {
    pub(crate) table: Table,
    pub(crate) partition: &'a str,
    pub(crate) prefix: &'a str,
    /// The sort key after which the page begins.
    pub(crate) after: Option<String>,
    pub(crate) limit: u32,
    pub(crate) newest_first: bool,
}

/// How much of a due index is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it, page after page.
    Whole,
    /// One response of DynamoDB (1 MB of keys), for callers that come back for the rest.
    FirstPage,
}

/// A key of the due index: the key of an item that is due for a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DueKey {
    pub(crate) partition: String,
    pub(crate) sort: String,
}

impl Reader<'_> {
    fn name(&self, table: Table) -> &str {
        table.name(&self.aws.config.tables)
    }

    fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.session.as_ref().map_or_else(|| self.aws.dynamodb(), |session| &session.dynamodb)
    }

    pub(crate) async fn get(&self, table: Table, partition: &str, sort: &str) -> Result<Option<Item>, Problem> {
        let answer = self
            .dynamodb()
            .get_item()
            .table_name(self.name(table))
            .key("pk", text(partition))
            .key("sk", text(sort))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| failed("dynamodb:GetItem", error))?;
        let now = self.aws.clock.now();
        Ok(answer.item.filter(|item| !expired(item, now)))
    }

    /// Reads up to 100 items of one table, in any order. Unprocessed keys are requested again; if keys remain, this is
    /// a 503: an item is only absent if DynamoDB says so.
    pub(crate) async fn batch(&self, table: Table, keys: Vec<(String, String)>) -> Result<Vec<Item>, Problem> {
        let mut found = self.batch_with_expired(table, keys).await?;
        let now = self.aws.clock.now();
        found.retain(|item| !expired(item, now));
        Ok(found)
    }

    /// The same, including expired items, for cleanup jobs.
    pub(crate) async fn batch_with_expired(
        &self,
        table: Table,
        keys: Vec<(String, String)>,
    ) -> Result<Vec<Item>, Problem> {
        let mut wanted: Vec<Item> = keys
            .into_iter()
            .map(|(partition, sort)| HashMap::from([("pk".to_owned(), text(partition)), ("sk".to_owned(), text(sort))]))
            .collect();
        let name = self.name(table).to_owned();
        let mut found = Vec::new();
        for round in 0..BATCH_ROUNDS {
            if wanted.is_empty() {
                break;
            }
            if round > 0 {
                let jitter_ms = self.aws.entropy.below(20 << round);
                self.aws.clock.pause(std::time::Duration::from_millis(jitter_ms)).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(true)
                .build()
                .map_err(|error| Problem::internal(error.to_string()))?;
            let answer = self
                .dynamodb()
                .batch_get_item()
                .request_items(&name, request)
                .send()
                .await
                .map_err(|error| failed("dynamodb:BatchGetItem", error))?;
            let of_table = answer.responses.and_then(|mut tables| tables.remove(&name));
            wanted = answer
                .unprocessed_keys
                .and_then(|mut tables| tables.remove(&name))
                .map(|left| left.keys)
                .unwrap_or_default();
            match of_table {
                Some(items) => found.extend(items),
                None if wanted.is_empty() => return Err(Problem::internal("dynamodb:BatchGetItem has no table")),
                None => {}
            }
        }
        if !wanted.is_empty() {
            return Err(Problem::unavailable(format!("dynamodb:BatchGetItem left {} keys unprocessed", wanted.len())));
        }
        Ok(found)
    }

    /// The sort keys of a partition's first items, expired or not.
    pub(crate) async fn sort_keys(&self, table: Table, partition: &str, limit: usize) -> Result<Vec<String>, Problem> {
        let answer = self
            .dynamodb()
            .query()
            .table_name(self.name(table))
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(partition))
            .projection_expression("sk")
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(100))
            .send()
            .await
            .map_err(|error| failed("dynamodb:Query", error))?;
        let items = answer.items.unwrap_or_default();
        Ok(items.iter().filter_map(|item| string(item, "sk")).map(str::to_owned).collect())
    }

    /// A page of rows whose sort key starts with a prefix, and whether there are more.
    pub(crate) async fn page(&self, query: PageQuery<'_>) -> Result<(Vec<Item>, Option<String>), Problem> {
        let start = query
            .after
            .map(|sort| HashMap::from([("pk".to_owned(), text(query.partition)), ("sk".to_owned(), text(sort))]));
        let mut values = HashMap::from([(":pk".to_owned(), text(query.partition))]);
        // DynamoDB does not accept an empty string in a key condition.
        let condition = if query.prefix.is_empty() {
            "pk = :pk"
        } else {
            values.insert(":prefix".to_owned(), text(query.prefix));
            "pk = :pk AND begins_with(sk, :prefix)"
        };
        let answer = self
            .dynamodb()
            .query()
            .table_name(self.name(query.table))
            .key_condition_expression(condition)
            .set_expression_attribute_values(Some(values))
            .consistent_read(true)
            .scan_index_forward(!query.newest_first)
            .limit(i32::try_from(query.limit).unwrap_or(100))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("dynamodb:Query", error))?;
        let next = answer.last_evaluated_key.as_ref().and_then(|key| string(key, "sk")).map(str::to_owned);
        let now = self.aws.clock.now();
        let mut items = answer.items.unwrap_or_default();
        items.retain(|item| !expired(item, now));
        Ok((items, next))
    }

    /// One shard of a due index, up to an instant.
    pub(crate) async fn due(
        &self,
        table: Table,
        kind: &str,
        shard: u8,
        until: Timestamp,
        extent: Extent,
    ) -> Result<Vec<DueKey>, Problem> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .dynamodb()
                .query()
                .table_name(self.name(table))
                .index_name("due")
                .key_condition_expression("due_pk = :pk AND due_sk <= :until")
                .expression_attribute_values(":pk", text(due_partition(kind, shard)))
                // `$` sorts right after the `#` that follows the instant in the key.
                .expression_attribute_values(":until", text(format!("{}$", sortable(until))))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| failed("dynamodb:Query", error))?;
            found.extend(answer.items.unwrap_or_default().iter().filter_map(|item| {
                Some(DueKey { partition: string(item, "pk")?.to_owned(), sort: string(item, "sk")?.to_owned() })
            }));
            match answer.last_evaluated_key {
                Some(key) if extent == Extent::Whole => start = Some(key),
                _ => return Ok(found),
            }
        }
    }

    /// A page of the domain index: eventually consistent, so callers read the items.
    pub(crate) async fn domain(
        &self,
        table: Table,
        digest: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<DomainPage, Problem> {
        let names = ["domain_sk", "pk", "sk"];
        // By the whole key: while a user moves to another address of the domain, the index may have them twice.
        let start = after.map(|position| {
            let values = names.into_iter().zip(position.split(' '));
            let mut start: Item = values.map(|(name, value)| (name.to_owned(), text(value))).collect();
            start.insert("domain_pk".to_owned(), text(digest));
            start
        });
        let answer = self
            .dynamodb()
            .query()
            .table_name(self.name(table))
            .index_name("domain")
            .key_condition_expression("domain_pk = :pk")
            .expression_attribute_values(":pk", text(digest))
            .limit(i32::try_from(limit).unwrap_or(100))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| failed("dynamodb:Query", error))?;
        let position = |key: &Item| {
            let values: Option<Vec<&str>> = names.into_iter().map(|name| string(key, name)).collect();
            values.map(|values| values.join(" "))
        };
        let next = answer.last_evaluated_key.as_ref().and_then(position);
        let items = answer.items.unwrap_or_default();
        let key = |item: &Item| Some((string(item, "pk")?.to_owned(), string(item, "sk")?.to_owned()));
        Ok(DomainPage { keys: items.iter().filter_map(key).collect(), next })
    }
}
