//! System events: events for operators and monitoring, apart from the audit logs of workspaces.
//!
//! They are stored in System under `EVENT#<hour>#<shard>`, by id, which is chronological. Each is kept for a year, or
//! forever if it concerns security (claim 51). A critical event pages an operator.

pub mod timeline;

use std::fmt::Display;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::audit::Origin;
use crate::aws::Aws;
use crate::aws::grants::Table;
use crate::crypto::digest::{sha256, sha256_hex};
use crate::kernel::ids::new_uuid;
use crate::kernel::network::customer_network;
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::metrics;
use crate::table::commit::{Expected, Plan, commit};
use crate::table::item::{Item, Row, body, encode, string};
use crate::table::read::{PageQuery, Reader};

/// How long an operational event is kept (claim 51).
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Shards per hour: a partition allows 1,000 writes a second, and an attack causes many.
const SHARDS: u8 = 8;
const PAGE: u32 = 1000;
/// How long the mark of a deduplicated event is kept: it is compared in its own hour.
const MARK_KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// The sort keys of marks and of acknowledgements. Those of events are their ids, in lower-case digits.
const MARK: &str = "ONCE#";
const ACKNOWLEDGEMENT: &str = "ACK#";

/// The severity of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For context only.
    Info,
    /// An operator should look at it at some point.
    Warning,
    /// An operator is paged.
    Critical,
}

/// A kind of event, declared next to the rule that raises it.
#[derive(Debug)]
pub struct EventKind {
    name: &'static str,
    severity: Severity,
    kept_for_good: bool,
}

impl EventKind {
    /// An event that is kept for a year.
    pub const fn operational(name: &'static str, severity: Severity) -> Self {
        Self { name, severity, kept_for_good: false }
    }

    /// An event that is kept forever.
    pub const fn security(name: &'static str, severity: Severity) -> Self {
        Self { name, severity, kept_for_good: true }
    }

    pub fn name(&self) -> &'static str {
        self.name
    }
}

/// An event before it is recorded.
pub struct Occurrence {
    kind: &'static EventKind,
    subject: String,
    detail: serde_json::Value,
    /// Deduplicates the event.
    once: Option<String>,
}

impl Occurrence {
    /// `subject` identifies what the event concerns: an id, or the digest of an address, domain or network. Never personal
    /// data, never a secret.
    pub fn of(kind: &'static EventKind, subject: impl Display) -> Self {
        Self { kind, subject: subject.to_string(), detail: serde_json::Value::Null, once: None }
    }

    /// One about the callers of an address's network, at most once an hour: many attempts must not fill the table. The
    /// subject is the network's digest, because subjects are logged; the details name it.
    pub fn of_network(kind: &'static EventKind, ip: &str, mut detail: serde_json::Value) -> Self {
        let network = customer_network(ip);
        let digest = sha256_hex(network.as_bytes());
        detail["network"] = network.into();
        Self::of(kind, &digest).once(&digest).detail(detail)
    }

    /// Adds details for an operator.
    pub fn detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = detail;
        self
    }

    /// Records the event at most once per key and hour.
    pub fn once(mut self, key: impl Display) -> Self {
        self.once = Some(key.to_string());
        self
    }
}

/// An event as stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SystemEvent {
    pub id: String,
    pub at: Timestamp,
    pub name: String,
    pub severity: Severity,
    pub subject: String,
    #[serde(flatten)]
    pub origin: Origin,
    #[serde(default)]
    pub detail: serde_json::Value,
}

fn partition(hour: &str, shard: u8) -> String {
    format!("EVENT#{hour}#{shard:x}")
}

fn hour(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H").to_string()
}

/// Adds an event to a plan.
pub(crate) fn record(
    plan: &mut Plan,
    aws: &Aws,
    origin: &Origin,
    occurrence: Occurrence,
) -> Result<SystemEvent, Problem> {
    let (event, row) = row(aws, origin, &occurrence)?;
    if let Some(key) = &occurrence.once {
        let key = format!("{MARK}{}#{key}", event.name);
        let expires_at = Some(after(event.at, MARK_KEPT_FOR));
        let mark = Row { sort: key, version: 1, body: encode(&event.id)?, due: None, domain: None, expires_at };
        let place = partition(&hour(event.at), shard(&mark.sort));
        plan.put(Table::System, Some(place), mark, Expected::Absent);
    }
    plan.put(Table::System, Some(partition_of(&event.id)), row, Expected::Absent);
    Ok(event)
}

fn expiry(kind: &EventKind, at: Timestamp) -> Option<Timestamp> {
    (!kind.kept_for_good).then(|| after(at, KEPT_FOR))
}

fn row(aws: &Aws, origin: &Origin, occurrence: &Occurrence) -> Result<(SystemEvent, Row), Problem> {
    let at = aws.clock.now();
    let EventKind { name, severity, .. } = *occurrence.kind;
    let id = new_uuid(&aws.clock, &aws.entropy).simple().to_string();
    let event = SystemEvent {
        at,
        name: name.to_owned(),
        severity,
        subject: occurrence.subject.clone(),
        origin: origin.clone(),
        detail: occurrence.detail.clone(),
        id,
    };
    let expires_at = expiry(occurrence.kind, at);
    let row = Row { sort: event.id.clone(), version: 1, body: encode(&event)?, due: None, domain: None, expires_at };
    Ok((event, row))
}

fn shard(id: &str) -> u8 {
    sha256(id.as_bytes())[0] % SHARDS
}

/// The partition of an event, by its id: the hour is that of the id, so that an id alone finds its event.
fn partition_of(id: &str) -> String {
    partition(&hour(timeline::created(id)), shard(id))
}

/// Counts and logs a recorded event.
pub(crate) fn log_and_count(event: &SystemEvent) {
    let SystemEvent { name, subject, severity, origin, .. } = event;
    let request_id = &origin.request_id;
    match severity {
        Severity::Critical => tracing::error!(event = name, subject, request.id = request_id, "critical system event"),
        Severity::Warning => tracing::warn!(event = name, subject, request.id = request_id, "system event"),
        Severity::Info => tracing::info!(event = name, subject, request.id = request_id, "system event"),
    }
    let severity = match severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    metrics::event(event.at, name, severity);
}

/// Records an event in its own transaction. A duplicate of a deduplicated event is not an error.
pub(crate) async fn emit(aws: &Aws, origin: &Origin, occurrence: Occurrence) -> Result<(), Problem> {
    let mut plan = Plan::default();
    let event = record(&mut plan, aws, origin, occurrence)?;
    match commit(aws, None, "", plan).await {
        Ok(()) => {
            log_and_count(&event);
            Ok(())
        }
        Err(crate::table::commit::Uncommitted::Refused { .. }) => Ok(()),
        Err(uncommitted) => Err(uncommitted.into()),
    }
}

/// Every event since an instant, in chronological order within a shard.
pub(crate) async fn since(aws: &Aws, since: Timestamp) -> Result<Vec<SystemEvent>, Problem> {
    let (reader, now) = (Reader { aws, session: None }, aws.clock.now());
    let mut hours = vec![hour(now)];
    let mut at = now;
    while hour(at) > hour(since) {
        at = after(at, SignedDuration::from_hours(-1));
        hours.push(hour(at));
    }
    let mut found = Vec::new();
    for hour in hours {
        for shard in 0..SHARDS {
            let partition = partition(&hour, shard);
            let mut start = None;
            loop {
                let query = PageQuery {
                    table: Table::System,
                    partition: &partition,
                    prefix: "",
                    after: start.take(),
                    limit: PAGE,
                    newest_first: false,
                };
                let (items, next) = reader.page(query).await?;
                let bookkeeping = |item: &Item| {
                    string(item, "sk").is_some_and(|sort| sort.starts_with(MARK) || sort.starts_with(ACKNOWLEDGEMENT))
                };
                for item in items.iter().filter(|item| !bookkeeping(item)) {
                    let event: SystemEvent = body(item)?;
                    if event.at >= since {
                        found.push(event);
                    }
                }
                match next {
                    Some(next) => start = Some(next),
                    None => break,
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    static PASSING: EventKind = EventKind::operational("passing", Severity::Info);
    static GRAVE: EventKind = EventKind::security("grave", Severity::Critical);

    #[test]
    fn events_are_kept_for_a_year_or_forever() {
        let at: Timestamp = "2026-03-01T08:30:00Z".parse().unwrap();
        let kept_until = |kind: &'static EventKind| expiry(kind, at);
        assert_eq!(kept_until(&PASSING), Some("2027-03-01T08:30:00Z".parse().unwrap()));
        assert_eq!(kept_until(&GRAVE), None);
    }
}
