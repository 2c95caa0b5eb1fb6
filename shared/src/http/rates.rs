//! Rate limits: the lease of an address, and what a response says about each limit.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::aws::grants::Table;
use crate::aws::{Aws, failed};
use crate::crypto::digest::sha256_hex;
use crate::kernel::network::customer_network;
use crate::kernel::problem_codes::TOO_MANY_REQUESTS;
use crate::kernel::problems::Problem;
use crate::table::item::{Item, integer, number, text};

/// Requests of one IP address in any 60 seconds, over all functions (claim 37).
pub(crate) const ADDRESS_LIMIT: u32 = 200;
const SPAN_S: i64 = 60;
/// A process uses a lease for up to this, and for at least `GRAIN_S` less.
const LEASE_S: i64 = 20;
/// Leases end at multiples of this, so that what they counted is free again together: single requests that become free
/// one by one would each cost a write.
const GRAIN_S: i64 = 5;
/// A lease counts from when it is granted until 60 seconds after it can last be used.
const ADDRESS_WINDOW_S: u32 = 80;
/// A lease starts at one and doubles up to this, so that an address over many functions is not
/// refused early, and a busy one costs few writes.
const LARGEST_LEASE: u32 = 16;
/// How long a record outlives its latest lease. A process trusts what it knows of a record no longer than that: one
/// that DynamoDB deletes begins again at nothing.
const RECORD_S: i64 = 600;
/// Addresses whose leases a process keeps.
const KEPT: usize = 512;
/// Each refusal says what others have taken by then, so that few tries are enough.
const MAX_TRIES: u32 = 8;
/// The counts of a record: `until_<second>`, by the last second in which the lease may be used.
const COUNTED: &str = "until_";

/// The leases of this process.
#[derive(Default)]
pub(crate) struct Leases {
    kept: Mutex<HashMap<String, Lease>>,
}

/// What this process may use, and what it knows of the address.
#[derive(Clone, Default)]
struct Lease {
    ends_s: i64,
    left: u32,
    size: u32,
    /// Requests since leases of the address last ended unrenewed: what the next one should hold.
    taken: u32,
    record: Record,
}

/// An address's record, as it was when this process last saw it. It only grows, so that what was counted before a
/// second is at least what is known of it: a condition made of old knowledge refuses too early, never too late.
#[derive(Clone, Default)]
struct Record {
    /// All that was ever leased.
    total: u64,
    counted: Vec<(i64, u64)>,
    expires_s: i64,
}

impl Record {
    /// A count that cannot be read is a fault: left out, it would admit more than the limit.
    fn of(item: &Item) -> Result<Self, Problem> {
        let read = || {
            let counted = item.keys().filter_map(|name| Some((name, name.strip_prefix(COUNTED)?)));
            let counted = counted.map(|(name, ends_s)| Some((ends_s.parse().ok()?, integer(item, name)?)));
            let expires_s = i64::try_from(integer(item, "ttl")?).ok()?;
            Some(Self { total: integer(item, "used")?, counted: counted.collect::<Option<_>>()?, expires_s })
        };
        read().ok_or_else(|| Problem::internal("a rate record of another form"))
    }

    /// The counts that a request in the last 60 seconds may belong to.
    fn current(&self, now_s: i64) -> impl Iterator<Item = (i64, u64)> {
        self.counted.iter().copied().filter(move |(ends_s, _)| *ends_s >= now_s - SPAN_S)
    }

    fn used(&self, now_s: i64) -> u64 {
        self.current(now_s).map(|(_, count)| count).sum()
    }

    fn room(&self, quota: u32, now_s: i64) -> u32 {
        u32::try_from(self.used(now_s)).map_or(0, |used| quota.saturating_sub(used))
    }

    fn resets_in_s(&self, now_s: i64) -> i64 {
        let oldest = self.current(now_s).map(|(ends_s, _)| ends_s).min();
        oldest.map_or(0, |ends_s| ends_s + SPAN_S + 1 - now_s)
    }
}

/// A limit, as named in the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) name: &'static str,
    pub(crate) quota: u32,
    pub(crate) window_s: u32,
}

/// A limit per IP address, counted by leases under a separate name.
pub(crate) fn per_minute(name: &'static str, quota: u32) -> Policy {
    Policy { name, quota, window_s: ADDRESS_WINDOW_S }
}

/// The default limit of every IP address.
pub(crate) const ADDRESS: Policy = Policy { name: "address", quota: ADDRESS_LIMIT, window_s: ADDRESS_WINDOW_S };

/// The state of one limit that counted a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimitStatus {
    pub(crate) policy: Policy,
    pub(crate) remaining: u32,
    /// Seconds until more is available.
    pub(crate) resets_in_s: i64,
}

/// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4): every limit of the
/// route, and the state of those that the request was counted by; the one that refused it comes first.
pub(crate) fn headers(policies: &[Policy], limits: &[RateLimitStatus]) -> [(&'static str, String); 2] {
    let policies =
        policies.iter().map(|policy| format!("\"{}\";q={};w={}", policy.name, policy.quota, policy.window_s));
    let limits =
        limits.iter().map(|limit| format!("\"{}\";r={};t={}", limit.policy.name, limit.remaining, limit.resets_in_s));
    [
        ("ratelimit-policy", policies.collect::<Vec<_>>().join(", ")),
        ("ratelimit", limits.collect::<Vec<_>>().join(", ")),
    ]
}

pub(super) fn too_many(retry_after_s: i64) -> Problem {
    let seconds = u32::try_from(retry_after_s.max(1)).unwrap_or(u32::MAX);
    Problem::new(TOO_MANY_REQUESTS, format!("Too many requests. Try again in {seconds} seconds.")).retry_after(seconds)
}

impl Leases {
    /// Counts one request of an address, or refuses it. Costs a write only when the lease is used up or has ended, and
    /// nothing while the address is known to have no room. Adds the state of the limit to `limits`.
    pub(crate) async fn take(
        &self,
        aws: &Aws,
        ip: &str,
        policy: Policy,
        limits: &mut Vec<RateLimitStatus>,
    ) -> Result<(), Problem> {
        let now_s = aws.clock.now().as_second();
        let (admitted, lease) = self.count(aws, customer_network(ip), policy, now_s).await?;
        let resets_in_s = lease.record.resets_in_s(now_s);
        let remaining = lease.record.room(policy.quota, now_s) + lease.left;
        limits.push(RateLimitStatus { policy, remaining, resets_in_s });
        if admitted { Ok(()) } else { Err(too_many(resets_in_s)) }
    }

    /// Whether the request is admitted, and what is known of its address then.
    ///
    /// A process serves one route, and so counts under one name.
    async fn count(&self, aws: &Aws, key: String, policy: Policy, now_s: i64) -> Result<(bool, Lease), Problem> {
        let (size, mut lease) = match self.spend(&key, now_s) {
            Ok(lease) => return Ok((true, lease)),
            Err(next) => next,
        };
        let partition = format!("RATE#{}#{}", policy.name, sha256_hex(key.as_bytes()));
        lease.left = 0;
        for _ in 0..MAX_TRIES {
            let wanted = size.min(lease.record.room(policy.quota, now_s));
            if wanted == 0 {
                break;
            }
            match grant(aws, &partition, (wanted, policy.quota), &lease.record, now_s).await? {
                Ok(record) => {
                    let taken = lease.taken + 1;
                    let lease = Lease { ends_s: last_second(now_s), left: wanted - 1, size, taken, record };
                    self.keep(key, lease.clone(), now_s);
                    return Ok((true, lease));
                }
                Err(record) => lease.record = record,
            }
        }
        self.keep(key, lease.clone(), now_s);
        Ok((false, lease))
    }

    /// Takes one from the lease in hand, or says how large the next should be and what is known.
    fn spend(&self, key: &str, now_s: i64) -> Result<Lease, (u32, Lease)> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lease) = kept.get_mut(key).filter(|lease| now_s < lease.record.expires_s) else {
            return Err((1, Lease::default()));
        };
        if now_s > lease.ends_s {
            let size = lease.taken.clamp(1, LARGEST_LEASE);
            return Err((size, Lease { taken: 0, ..lease.clone() }));
        }
        if lease.left == 0 {
            return Err(((lease.size * 2).clamp(1, LARGEST_LEASE), lease.clone()));
        }
        lease.left -= 1;
        lease.taken += 1;
        Ok(lease.clone())
    }

    fn keep(&self, key: String, lease: Lease, now_s: i64) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.retain(|_, kept| now_s <= kept.ends_s);
        }
        if kept.len() < KEPT {
            kept.insert(key, lease);
        }
    }
}

/// The last second in which a lease of now may be used.
fn last_second(now_s: i64) -> i64 {
    (now_s + LEASE_S).div_euclid(GRAIN_S) * GRAIN_S - 1
}

/// Grants a lease unless that passes the limit, by what is known of the record. Returns the record as it is then.
async fn grant(
    aws: &Aws,
    partition: &str,
    (size, quota): (u32, u32),
    known: &Record,
    now_s: i64,
) -> Result<Result<Record, Record>, Problem> {
    let mut update = format!("ADD used :size, {COUNTED}{} :size SET #ttl = :ttl", last_second(now_s));
    let old = known.counted.iter().filter(|(ends_s, _)| *ends_s < now_s - SPAN_S);
    let old: Vec<_> = old.map(|(ends_s, _)| format!("{COUNTED}{ends_s}")).collect();
    if !old.is_empty() {
        update.push_str(&format!(" REMOVE {}", old.join(", ")));
    }
    let before = known.total.saturating_sub(known.used(now_s));
    let answer = aws
        .dynamodb()
        .update_item()
        .table_name(Table::System.name(&aws.config.tables))
        .key("pk", text(partition))
        .key("sk", text("-"))
        .update_expression(update)
        .condition_expression("attribute_not_exists(used) OR used <= :most")
        .expression_attribute_names("#ttl", "ttl")
        .expression_attribute_values(":size", number(size))
        .expression_attribute_values(":most", number(before + u64::from(quota.saturating_sub(size))))
        .expression_attribute_values(":ttl", number(now_s + RECORD_S))
        .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    match answer {
        Ok(done) => {
            let item = done.attributes.ok_or_else(|| Problem::internal("a granted lease without its record"))?;
            Ok(Ok(Record::of(&item)?))
        }
        Err(error) => match conflict(&error) {
            Some(item) => Ok(Err(Record::of(&item)?)),
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
    fn a_record_with_a_count_that_cannot_be_read_is_a_fault() {
        let whole =
            || Item::from([("used".into(), number(3)), ("ttl".into(), number(9)), ("until_7".into(), number(3))]);
        assert!(Record::of(&whole()).is_ok_and(|record| (record.total, record.used(60)) == (3, 3)));
        for (name, value) in [("until_7", text("3")), ("until_x", number(3)), ("used", text("")), ("ttl", number(-1))] {
            let mut item = whole();
            item.insert(name.to_owned(), value);
            assert!(Record::of(&item).is_err(), "{name}");
        }
        assert!(Record::of(&Item::new()).is_err());
    }

    #[test]
    fn an_ipv6_customer_is_one_address() {
        assert_eq!(customer_network("2001:db8:1:2:3:4:5:6"), customer_network("2001:db8:1:2:ffff::1"));
        assert_ne!(customer_network("2001:db8:1:2::1"), customer_network("2001:db8:1:3::1"));
        assert_eq!(customer_network("192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn an_ipv4_customer_behind_a_gateway_to_ipv6_is_that_customer() {
        for address in ["::ffff:192.0.2.1", "64:ff9b::192.0.2.1", "2002:c000:201::1", "2002:c000:201:7:8::9"] {
            assert_eq!(customer_network(address), "192.0.2.1", "{address}");
        }
        assert_ne!(customer_network("::ffff:192.0.2.1"), customer_network("::ffff:192.0.2.2"));
    }
}
