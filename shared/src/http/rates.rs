//! Rate limits: leased for addresses, exact for credentials and users.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::grants::Table;
use crate::aws::{Aws, failed};
use crate::crypto::digest::sha256_hex;
use crate::kernel::ids::new_uuid;
use crate::kernel::network::unwrapped;
use crate::kernel::problems::Problem;
use crate::table::item::{Item, integer, number, string, text};

/// Requests of one address in a minute, over all functions (claim 37).
pub(crate) const ADDRESS_LIMIT: u32 = 200;
const ADDRESS_WINDOW_S: i64 = 60;
/// A lease starts at one and doubles up to this, so that an address over many functions is not
/// refused early, and a busy one costs few writes.
const LARGEST_LEASE: u32 = 16;
/// Addresses whose leases a process keeps.
const KEPT: usize = 512;

/// Credential attempts of one address in five minutes, over all credential routes (claim 17).
pub(crate) const CREDENTIAL_LIMIT: Exact = Exact { name: "credentials", requests: 5, seconds: 300 };

/// The leases of this process.
#[derive(Default)]
pub(crate) struct Leases {
    kept: Mutex<HashMap<String, Lease>>,
}

#[derive(Clone, Copy)]
struct Lease {
    window: i64,
    left: u32,
    size: u32,
    /// What the table had left when this was leased.
    remaining: u32,
}

/// What a response tells of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    pub(crate) resets_in_s: i64,
}

/// The network that counts as one address: an IPv6 customer has at least a /64 (RFC 6177).
fn network(ip: &str) -> String {
    match ip.parse().map(unwrapped) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => ip.to_owned(),
    }
}

fn too_many(retry_after_s: i64) -> Problem {
    let seconds = u32::try_from(retry_after_s.max(1)).unwrap_or(u32::MAX);
    Problem::new(429, "too_many_requests", format!("Too many requests. Try again in {seconds} seconds."))
        .retry_after(seconds)
}

impl Leases {
    /// Counts one request of an address. Costs a write only when the lease is used up.
    pub(crate) async fn take(&self, aws: &Aws, ip: &str) -> Result<Standing, Problem> {
        let now_s = aws.clock.now().as_second();
        let window = now_s.div_euclid(ADDRESS_WINDOW_S);
        let resets_in_s = (window + 1) * ADDRESS_WINDOW_S - now_s;
        let key = network(ip);
        let size = match self.spend(&key, window) {
            Ok(lease) => {
                return Ok(Standing { limit: ADDRESS_LIMIT, remaining: lease.remaining + lease.left, resets_in_s });
            }
            Err(size) => size,
        };
        let partition = format!("RATE#ip#{}", sha256_hex(key.as_bytes()));
        let sort = window.to_string();
        let expires_s = (window + 2) * ADDRESS_WINDOW_S;
        let mut wanted = size;
        loop {
            match lease(aws, &partition, &sort, wanted, expires_s).await? {
                Ok(used) => {
                    let remaining = ADDRESS_LIMIT.saturating_sub(used);
                    self.keep(key, Lease { window, left: wanted - 1, size, remaining });
                    return Ok(Standing { limit: ADDRESS_LIMIT, remaining: remaining + wanted - 1, resets_in_s });
                }
                Err(used) => {
                    let left = ADDRESS_LIMIT.saturating_sub(used);
                    if left == 0 || wanted == 1 {
                        return Err(too_many(resets_in_s));
                    }
                    wanted = left.min(wanted / 2).max(1);
                }
            }
        }
    }

    /// Takes one from the lease in hand, or says how large the next should be.
    fn spend(&self, key: &str, window: i64) -> Result<Lease, u32> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.get_mut(key) {
            Some(lease) if lease.window == window && lease.left > 0 => {
                lease.left -= 1;
                Ok(*lease)
            }
            Some(lease) if lease.window == window => Err((lease.size * 2).min(LARGEST_LEASE)),
            // What a window asked for is a fair guess at the next one.
            Some(lease) if lease.window + 1 == window => Err((lease.size / 2).max(1)),
            _ => Err(1),
        }
    }

    fn keep(&self, key: String, lease: Lease) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.retain(|_, kept| kept.window == lease.window);
        }
        if kept.len() < KEPT {
            kept.insert(key, lease);
        }
    }
}

/// Adds to a window's count unless that passes the limit. Answers the count after or, refused, before.
async fn lease(aws: &Aws, partition: &str, sort: &str, size: u32, expires_s: i64) -> Result<Result<u32, u32>, Problem> {
    let answer = aws
        .dynamodb()
        .update_item()
        .table_name(Table::Platform.name(&aws.config.tables))
        .key("pk", text(partition))
        .key("sk", text(sort))
        .update_expression("ADD used :size SET #ttl = :ttl")
        .condition_expression("attribute_not_exists(used) OR used <= :room")
        .expression_attribute_names("#ttl", "ttl")
        .expression_attribute_values(":size", number(size))
        .expression_attribute_values(":room", number(ADDRESS_LIMIT.saturating_sub(size)))
        .expression_attribute_values(":ttl", number(expires_s))
        .return_values(aws_sdk_dynamodb::types::ReturnValue::UpdatedNew)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let used = |item: &Item| integer(item, "used").and_then(|used| u32::try_from(used).ok()).unwrap_or_default();
    match answer {
        Ok(done) => Ok(Ok(done.attributes.as_ref().map(used).unwrap_or(size))),
        Err(error) => match conflict(&error) {
            Some(item) => Ok(Err(used(&item))),
            None => Err(failed("dynamodb:UpdateItem", error)),
        },
    }
}

type UpdateError = aws_sdk_dynamodb::error::SdkError<aws_sdk_dynamodb::operation::update_item::UpdateItemError>;

/// The item that a failed condition met.
fn conflict(error: &UpdateError) -> Option<Item> {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
    match error.as_service_error()? {
        UpdateItemError::ConditionalCheckFailedException(refused) => Some(refused.item.clone().unwrap_or_default()),
        other if other.code() == Some("ConditionalCheckFailedException") => Some(Item::new()),
        _ => None,
    }
}

/// At most so many in any span of so many seconds: the instants of the last ones are kept, and each
/// attempt is one conditional write that no parallel attempt can slip past.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exact {
    pub(crate) name: &'static str,
    pub(crate) requests: u32,
    pub(crate) seconds: u32,
}

/// Parallel attempts of one subject that are sorted out before the rest is refused.
const MAX_TRIES: u32 = 24;

impl Exact {
    /// Counts one attempt of a subject (an address, a user) or refuses it.
    pub(crate) async fn take(&self, aws: &Aws, subject: &str) -> Result<(), Problem> {
        let partition = format!("RATE#{}#{}", self.name, sha256_hex(network(subject).as_bytes()));
        let write_id = new_uuid(&aws.clock, &aws.entropy).simple().to_string();
        // Most subjects have no record: the first write assumes that, and learns what is there if not.
        let mut seen = Item::new();
        for _ in 0..MAX_TRIES {
            let now_ms = aws.clock.now().as_millisecond();
            let since_ms = now_ms - i64::from(self.seconds) * 1000;
            let mut instants: Vec<i64> = instants(&seen).filter(|at| *at > since_ms).collect();
            if instants.len() >= self.requests as usize {
                let free_in_ms = instants.first().copied().unwrap_or(now_ms) - since_ms;
                return Err(too_many((free_in_ms + 999) / 1000));
            }
            instants.push(now_ms);
            match self.write(aws, &partition, &instants, &seen, &write_id).await? {
                None => return Ok(()),
                // The answer to a write of ours was lost, and the SDK's retry met it.
                Some(item) if string(&item, "w") == Some(&write_id) => return Ok(()),
                Some(item) => seen = item,
            }
        }
        Err(too_many(1))
    }

    async fn write(
        &self,
        aws: &Aws,
        partition: &str,
        instants: &[i64],
        seen: &Item,
        write_id: &str,
    ) -> Result<Option<Item>, Problem> {
        let revision = integer(seen, "n").unwrap_or_default();
        let list = instants.iter().map(number).collect();
        let expires_s = instants.last().copied().unwrap_or_default() / 1000 + i64::from(self.seconds) * 2;
        let mut request = aws
            .dynamodb()
            .update_item()
            .table_name(Table::Platform.name(&aws.config.tables))
            .key("pk", text(partition))
            .key("sk", text("-"))
            .update_expression("SET instants = :instants, n = :next, w = :w, #ttl = :ttl")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":instants", AttributeValue::L(list))
            .expression_attribute_values(":next", number(revision + 1))
            .expression_attribute_values(":w", text(write_id))
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

fn instants(item: &Item) -> impl Iterator<Item = i64> + '_ {
    let list = item.get("instants").and_then(|list| list.as_l().ok());
    list.into_iter().flatten().filter_map(|at| at.as_n().ok()).filter_map(|at| at.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_customer_is_one_address() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn an_ipv4_customer_behind_a_gateway_to_ipv6_is_that_customer() {
        for address in ["::ffff:192.0.2.1", "64:ff9b::192.0.2.1", "2002:c000:201::1", "2002:c000:201:7:8::9"] {
            assert_eq!(network(address), "192.0.2.1", "{address}");
        }
        assert_ne!(network("::ffff:192.0.2.1"), network("::ffff:192.0.2.2"));
    }
}
