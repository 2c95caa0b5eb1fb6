//! Rate limits: the lease of an address, and what a response says about each limit.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::grants::Table;
use crate::aws::{Aws, failed};
use crate::crypto::digest::sha256_hex;
use crate::kernel::network::unwrapped;
use crate::kernel::problems::Problem;
use crate::table::item::{Item, integer, number, text};

/// Requests of one address in a minute, over all functions (claim 37).
pub(crate) const ADDRESS_LIMIT: u32 = 200;
const ADDRESS_WINDOW_S: u32 = 60;
/// A lease starts at one and doubles up to this, so that an address over many functions is not
/// refused early, and a busy one costs few writes.
const LARGEST_LEASE: u32 = 16;
/// Addresses whose leases a process keeps.
const KEPT: usize = 512;

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

/// The state of one limit that applied to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimitStatus {
    /// The limit's name in the headers.
    pub(crate) name: &'static str,
    pub(crate) quota: u32,
    pub(crate) window_s: u32,
    pub(crate) remaining: u32,
    /// Seconds until more is available.
    pub(crate) resets_in_s: i64,
}

impl RateLimitStatus {
    fn of_address(remaining: u32, resets_in_s: i64) -> Self {
        Self { name: "address", quota: ADDRESS_LIMIT, window_s: ADDRESS_WINDOW_S, remaining, resets_in_s }
    }
}

/// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4).
pub(crate) fn headers(limits: &[RateLimitStatus]) -> [(&'static str, String); 2] {
    let list = |item: fn(&RateLimitStatus) -> String| limits.iter().map(item).collect::<Vec<_>>().join(", ");
    [
        ("ratelimit-policy", list(|limit| format!("\"{}\";q={};w={}", limit.name, limit.quota, limit.window_s))),
        ("ratelimit", list(|limit| format!("\"{}\";r={};t={}", limit.name, limit.remaining, limit.resets_in_s))),
    ]
}

/// The network that counts as one address: an IPv6 customer has at least a /64 (RFC 6177).
pub(super) fn network(ip: &str) -> String {
    match ip.parse().map(unwrapped) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => ip.to_owned(),
    }
}

pub(super) fn too_many(retry_after_s: i64) -> Problem {
    let seconds = u32::try_from(retry_after_s.max(1)).unwrap_or(u32::MAX);
    Problem::new(429, "too_many_requests", format!("Too many requests. Try again in {seconds} seconds."))
        .retry_after(seconds)
}

impl Leases {
    /// Counts one request of an address, or refuses it. Costs a write only when the lease is used up. Adds the state of
    /// the limit to `limits`.
    pub(crate) async fn take(&self, aws: &Aws, ip: &str, limits: &mut Vec<RateLimitStatus>) -> Result<(), Problem> {
        let (now_s, window_s) = (aws.clock.now().as_second(), i64::from(ADDRESS_WINDOW_S));
        let window = now_s.div_euclid(window_s);
        let resets_in_s = (window + 1) * window_s - now_s;
        let remaining = self.count(aws, network(ip), window).await?;
        limits.push(RateLimitStatus::of_address(remaining.unwrap_or_default(), resets_in_s));
        remaining.map(|_| ()).ok_or_else(|| too_many(resets_in_s))
    }

    /// How many are left after this one; None if the limit is exceeded.
    async fn count(&self, aws: &Aws, key: String, window: i64) -> Result<Option<u32>, Problem> {
        let size = match self.spend(&key, window) {
            Ok(lease) => return Ok(Some(lease.remaining + lease.left)),
            Err(size) => size,
        };
        let partition = format!("RATE#ip#{}", sha256_hex(key.as_bytes()));
        let sort = window.to_string();
        let expires_s = (window + 2) * i64::from(ADDRESS_WINDOW_S);
        let mut wanted = size;
        loop {
            match lease(aws, &partition, &sort, wanted, expires_s).await? {
                Ok(used) => {
                    let remaining = ADDRESS_LIMIT.saturating_sub(used);
                    self.keep(key, Lease { window, left: wanted - 1, size, remaining });
                    return Ok(Some(remaining + wanted - 1));
                }
                Err(used) => {
                    let left = ADDRESS_LIMIT.saturating_sub(used);
                    if left == 0 || wanted == 1 {
                        return Ok(None);
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

pub(super) type UpdateError =
    aws_sdk_dynamodb::error::SdkError<aws_sdk_dynamodb::operation::update_item::UpdateItemError>;

/// The item that a failed condition met.
pub(super) fn conflict(error: &UpdateError) -> Option<Item> {
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
    match error.as_service_error()? {
        UpdateItemError::ConditionalCheckFailedException(refused) => Some(refused.item.clone().unwrap_or_default()),
        other if other.code() == Some("ConditionalCheckFailedException") => Some(Item::new()),
        _ => None,
    }
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
