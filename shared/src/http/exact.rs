//! Exact limits: at most so many attempts in any span of so many seconds.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};

use super::rates::{Policy, RateLimitStatus, conflict, too_many};
use crate::aws::grants::Table;
use crate::aws::{Aws, failed};
use crate::crypto::digest::{hex, sha256_hex};
use crate::kernel::network::customer_network;
use crate::kernel::problems::Problem;
use crate::table::item::{Item, integer, number, text};

/// Credential attempts of one address in five minutes, over all credential routes (claim 17).
pub(crate) const CREDENTIAL_LIMIT: Exact = Exact { name: "credentials", requests: 5, seconds: 300 };

/// At most so many in any span of so many seconds: the latest ones are stored with their instants, and each attempt is
/// one conditional write that no parallel attempt can bypass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exact {
    pub(crate) name: &'static str,
    pub(crate) requests: u32,
    pub(crate) seconds: u32,
}

/// A counted attempt.
pub(crate) struct Attempt {
    limit: Exact,
    partition: String,
    /// Two attempts may have the same instant. Their ids differ.
    id: String,
}

/// How many parallel attempts of one subject are retried before the rest are refused.
const MAX_TRIES: u32 = 24;

const ID_BYTES: usize = 8;

impl Exact {
    /// Counts one attempt of a subject (an address, a user) or refuses it. Adds the state of the limit to `limits`,
    /// first if it refuses.
    pub(crate) async fn take(
        &self,
        aws: &Aws,
        subject: &str,
        limits: &mut Vec<RateLimitStatus>,
    ) -> Result<Attempt, Problem> {
        let partition = format!("RATE#{}#{}", self.name, sha256_hex(customer_network(subject).as_bytes()));
        let attempt = Attempt { limit: *self, partition, id: hex(&aws.entropy.bytes::<ID_BYTES>()) };
        // Most subjects have no record: the first write assumes that, and returns the record if there is one.
        let mut seen = Item::new();
        for _ in 0..MAX_TRIES {
            let now_ms = aws.clock.now().as_millisecond();
            let since_ms = now_ms - i64::from(self.seconds) * 1000;
            let mut counted = attempts(&seen)?;
            counted.retain(|_, at| *at > since_ms);
            // The answer to our own write was lost, and the SDK's retry met that write.
            let is_counted = counted.contains_key(attempt.id.as_str());
            let oldest_ms = counted.values().copied().min().unwrap_or(now_ms);
            let resets_in_s = (oldest_ms - since_ms + 999) / 1000;
            if !is_counted && counted.len() >= self.requests as usize {
                limits.insert(0, self.status(0, resets_in_s));
                return Err(too_many(resets_in_s));
            }
            counted.insert(&attempt.id, now_ms);
            let used = u32::try_from(counted.len()).unwrap_or(self.requests);
            let met = if is_counted { None } else { self.write(aws, &attempt.partition, &counted, &seen).await? };
            match met {
                None => {
                    limits.push(self.status(self.requests.saturating_sub(used), resets_in_s));
                    return Ok(attempt);
                }
                Some(item) => seen = item,
            }
        }
        limits.insert(0, self.status(0, 1));
        Err(too_many(1))
    }

    fn status(&self, remaining: u32, resets_in_s: i64) -> RateLimitStatus {
        RateLimitStatus { policy: self.policy(), remaining, resets_in_s }
    }

    pub(crate) fn policy(&self) -> Policy {
        let Self { name, requests: quota, seconds: window_s } = *self;
        Policy { name, quota, window_s }
    }

    async fn write(
        &self,
        aws: &Aws,
        partition: &str,
        counted: &HashMap<&str, i64>,
        seen: &Item,
    ) -> Result<Option<Item>, Problem> {
        let revision = integer(seen, "n").unwrap_or_default();
        let map = counted.iter().map(|(id, at)| ((*id).to_owned(), number(at))).collect();
        let newest_ms = counted.values().copied().max().unwrap_or_default();
        let expires_s = newest_ms / 1000 + i64::from(self.seconds) * 2;
        let mut request = aws
            .dynamodb()
            .update_item()
            .table_name(Table::System.name(&aws.config.tables))
            .key("pk", text(partition))
            .key("sk", text("-"))
            .update_expression("SET attempts = :attempts, n = :next, #ttl = :ttl")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":attempts", AttributeValue::M(map))
            .expression_attribute_values(":next", number(revision + 1))
            .expression_attribute_values(":ttl", number(expires_s))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        request = if revision == 0 {
            request.condition_expression("attribute_not_exists(n)")
        } else {
            request.condition_expression("n = :seen").expression_attribute_values(":seen", number(revision))
        };
        match request.send().await {
            Ok(_) => Ok(None),
            Err(error) => match conflict(&error) {
                Some(item) => Ok(Some(item)),
                None => Err(failed("dynamodb:UpdateItem", error)),
            },
        }
    }
}

impl Attempt {
    /// Removes only this attempt from the count. Idempotent.
    pub(crate) async fn give_back(self, aws: &Aws, limits: &mut [RateLimitStatus]) -> Result<(), Problem> {
        let answer = aws
            .dynamodb()
            .update_item()
            .table_name(Table::System.name(&aws.config.tables))
            .key("pk", text(&self.partition))
            .key("sk", text("-"))
            // The revision moves, so that a concurrent count reads again.
            .update_expression("REMOVE attempts.#id ADD n :one")
            .condition_expression("attribute_exists(attempts.#id)")
            .expression_attribute_names("#id", &self.id)
            .expression_attribute_values(":one", number(1))
            .send()
            .await;
        match answer {
            Ok(_) => {}
            // It is already removed: given back by a try whose answer was lost, or too old to count.
            Err(error) if conflict(&error).is_some() => {}
            Err(error) => return Err(failed("dynamodb:UpdateItem", error)),
        }
        if let Some(limit) = limits.iter_mut().find(|limit| limit.policy.name == self.limit.name) {
            limit.remaining = (limit.remaining + 1).min(limit.policy.quota);
        }
        Ok(())
    }
}

/// What an item counts: ids and instants, in milliseconds. One that cannot be read is a fault: left out, it would admit
/// more than the limit.
fn attempts(item: &Item) -> Result<HashMap<&str, i64>, Problem> {
    let map = item.get("attempts").map(AttributeValue::as_m).transpose();
    let map = map.map_err(|_| Problem::internal("attempts of another form"))?;
    map.into_iter()
        .flatten()
        .map(|(id, at)| {
            let at = at.as_n().ok().and_then(|at| at.parse().ok());
            at.map(|at| (id.as_str(), at)).ok_or_else(|| Problem::internal("an attempt of another form"))
        })
        .collect()
}
