//! Detects password guessing that is spread over accounts or networks.
//!
//! The limits per IP address and per account miss an attacker who stays below them by spreading attempts. These rules
//! look at all failures together (claim 17; OWASP ASVS 5.0, 6.3.1; MITRE ATT&CK T1110.003 and T1110.004).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use shared::kernel::network::unwrapped;
use shared::kernel::time::{SignedDuration, Timestamp, after};
use shared::system_events::SystemEvent;

/// The longest window of any rule.
pub const LOOKS_BACK: SignedDuration = SignedDuration::from_hours(1);
/// The window for one network, and for all networks together.
const SHORT: SignedDuration = SignedDuration::from_mins(15);
/// Spraying: one network fails on this many subjects. One address may try 15 times in the window, and an office behind
/// one address has fewer people who mistype within 15 minutes.
pub const SPRAYED_SUBJECTS: usize = 10;
/// Distributed guessing: this many networks fail on one subject in an hour. A person uses two or three.
pub const GUESSING_NETWORKS: usize = 10;
/// Credential stuffing: this many failures in total, on more than [`STUFFED_SUBJECTS`] subjects. A list of leaked
/// passwords is tried once or twice per account, from many networks.
pub const STUFFING_FAILURES: usize = 100;
pub const STUFFED_SUBJECTS: usize = 50;

/// The network of an IP address, at the size that a provider assigns to one customer: an IPv4 /24 or an IPv6 /64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network(IpAddr);

impl Network {
    fn of(address: &str) -> Option<Self> {
        Some(Self(match unwrapped(address.parse().ok()?) {
            IpAddr::V4(address) => IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << 8))),
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        }))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = if self.0.is_ipv4() { 24 } else { 64 };
        write!(f, "{}/{bits}", self.0)
    }
}

/// A suspected attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// One network tries few passwords on many accounts.
    Spraying { network: Network, subjects: usize, failures: usize },
    /// Many networks try passwords on one account.
    DistributedGuessing { subject: String, networks: usize, failures: usize },
    /// Many accounts are tried, from any number of networks.
    Stuffing { failures: usize, subjects: usize, networks: usize },
}

/// Failures from one network or on one subject: their number, and the distinct subjects or networks on the other side.
struct Tally<T> {
    failures: usize,
    others: BTreeSet<T>,
}

impl<T: Ord> Tally<T> {
    fn count(&mut self, other: T) {
        self.failures += 1;
        self.others.insert(other);
    }
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self { failures: 0, others: BTreeSet::new() }
    }
}

/// The attacks that failures up to `now` suggest. A failure without an IP address only counts towards the total.
pub fn suspicions(failures: &[&SystemEvent], now: Timestamp) -> Vec<Suspicion> {
    let mut of_network: BTreeMap<Network, Tally<&str>> = BTreeMap::new();
    let mut on_subject: BTreeMap<&str, Tally<Network>> = BTreeMap::new();
    let mut lately: Tally<&str> = Tally::default();
    for failure in failures {
        let age = now.duration_since(failure.at);
        if age >= LOOKS_BACK {
            continue;
        }
        let (subject, network) = (failure.subject.as_str(), failure.origin.ip.as_deref().and_then(Network::of));
        if let Some(network) = network {
            on_subject.entry(subject).or_default().count(network);
        }
        if age < SHORT {
            lately.count(subject);
            if let Some(network) = network {
                of_network.entry(network).or_default().count(subject);
            }
        }
    }
    let networks = of_network.len();
    let mut found = Vec::new();
    if lately.failures >= STUFFING_FAILURES && lately.others.len() > STUFFED_SUBJECTS {
        found.push(Suspicion::Stuffing { failures: lately.failures, subjects: lately.others.len(), networks });
    }
    found.extend(of_network.into_iter().filter(|(_, tally)| tally.others.len() >= SPRAYED_SUBJECTS).map(
        |(network, Tally { failures, others })| Suspicion::Spraying { network, subjects: others.len(), failures },
    ));
    found.extend(on_subject.into_iter().filter(|(_, tally)| tally.others.len() >= GUESSING_NETWORKS).map(
        |(subject, Tally { failures, others })| Suspicion::DistributedGuessing {
            subject: subject.to_owned(),
            networks: others.len(),
            failures,
        },
    ));
    found
}

/// The start of the longest window.
pub fn since(now: Timestamp) -> Timestamp {
    after(now, -LOOKS_BACK)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use shared::audit::{Actor, Origin};
    use shared::system_events::Severity;

    use super::*;

    const NOW: i64 = 10_000;

    fn now() -> Timestamp {
        Timestamp::from_second(NOW).unwrap()
    }

    /// A failure `ago_s` seconds before [`NOW`].
    fn failure(ago_s: i64, subject: impl ToString, ip: &str) -> SystemEvent {
        let (actor, request_id) = (Actor::Anyone, "test".to_owned());
        let ip = (!ip.is_empty()).then(|| ip.to_owned());
        SystemEvent {
            id: String::new(),
            at: Timestamp::from_second(NOW - ago_s).unwrap(),
            name: "sign_in_failed".to_owned(),
            severity: Severity::Info,
            subject: subject.to_string(),
            origin: Origin { actor, request_id, ip, user_agent: None, traceparent: None },
            detail: serde_json::Value::Null,
        }
    }

    fn seen(failures: impl IntoIterator<Item = SystemEvent>) -> Vec<Suspicion> {
        let failures: Vec<_> = failures.into_iter().collect();
        suspicions(&failures.iter().collect::<Vec<_>>(), now())
    }

    fn spraying(network: &str, subjects: usize, failures: usize) -> Suspicion {
        Suspicion::Spraying { network: Network::of(network).unwrap(), subjects, failures }
    }

    #[test]
    fn a_network_is_an_ipv4_24_or_an_ipv6_64() {
        for (address, network) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("64:ff9b::192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(Network::of(address).unwrap().to_string(), network);
        }
        assert_eq!((Network::of("unknown"), Network::of("")), (None, None));
    }

    #[test]
    fn ten_accounts_failing_from_one_network_are_spraying() {
        let from =
            |network: &'static str, subjects: i64| (0..subjects).map(move |n| failure(n, n, &format!("{network}{n}")));
        assert_eq!(seen(from("192.0.2.", 9)), []);
        assert_eq!(seen(from("192.0.2.", 10)), [spraying("192.0.2.1", 10, 10)]);
        assert_eq!(seen(from("2001:db8:1:2::", 10)), [spraying("2001:db8:1:2::1", 10, 10)]);
        // The same account twice is one subject, and two networks are two.
        assert_eq!(seen(from("192.0.2.", 9).chain([failure(0, 0, "192.0.2.200")])), []);
        assert_eq!(seen(from("192.0.2.", 9).chain(from("192.0.3.", 9))), []);
        assert_eq!(seen(from("192.0.2.", 10).chain(from("192.0.2.", 10))), [spraying("192.0.2.1", 10, 20)]);
    }

    #[test]
    fn spraying_counts_the_last_15_minutes() {
        let one_at = |ago_s| (0..9).map(|n| failure(0, n, "192.0.2.1")).chain([failure(ago_s, "tenth", "192.0.2.1")]);
        assert_eq!(seen(one_at(899)), [spraying("192.0.2.1", 10, 10)]);
        assert_eq!(seen(one_at(900)), []);
    }

    #[test]
    fn ten_networks_failing_on_one_account_are_distributed_guessing() {
        let on = |subject: &'static str, networks: i64| {
            (0..networks).map(move |n| failure(n * 300, subject, &format!("192.0.{n}.1")))
        };
        let guessing =
            |networks, failures| Suspicion::DistributedGuessing { subject: "ada".to_owned(), networks, failures };
        assert_eq!(seen(on("ada", 9)), []);
        assert_eq!(seen(on("ada", 10)), [guessing(10, 10)]);
        assert_eq!(seen(on("ada", 9).chain([failure(0, "ada", "192.0.0.9")])), [], "the same network twice");
        assert_eq!(seen(on("ada", 9).chain(on("bob", 9))), []);
        assert_eq!(seen(on("ada", 9).chain([failure(3599, "ada", "2001:db8::1")])), [guessing(10, 10)]);
        assert_eq!(seen(on("ada", 9).chain([failure(3600, "ada", "2001:db8::1")])), []);
        assert_eq!(seen(on("ada", 9).chain([failure(0, "ada", "")])), [], "an unknown address");
    }

    #[test]
    fn a_hundred_failures_on_over_50_accounts_are_stuffing() {
        let spread = |failures: usize, subjects: usize| {
            (0..failures).map(move |n| failure(0, n % subjects, &format!("192.0.{n}.1")))
        };
        let stuffing = |failures, subjects| Suspicion::Stuffing { failures, subjects, networks: failures };
        assert_eq!(seen(spread(99, 60)), []);
        assert_eq!(seen(spread(100, 50)), []);
        assert_eq!(seen(spread(100, 51)), [stuffing(100, 51)]);
        // Older failures are outside the window.
        assert_eq!(seen(spread(99, 60).chain([failure(900, "old", "198.51.100.1")])), []);
        assert_eq!(
            seen(spread(99, 60).chain([failure(899, "old", "")])),
            [Suspicion::Stuffing { failures: 100, subjects: 61, networks: 99 }]
        );
    }

    #[test]
    fn no_failures_raise_no_suspicion() {
        assert_eq!(seen([]), []);
    }
}
