//! The timeline: system events newest first, across their partitions, with the staff's acknowledgements.
//!
//! A page reads a bounded number of times, so that a filter that matches little ends with a cursor, not with a timeout.

use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ACKNOWLEDGEMENT, SHARDS, Severity, SystemEvent, hour, partition, partition_of};
use crate::aws::grants::Table;
use crate::kernel::ids::{Id, Identified, StaffId};
use crate::kernel::network::customer_network;
use crate::kernel::problems::Problem;
use crate::kernel::time::after;
use crate::table::item::{Item, Row, body, encode, integer, string};
use crate::table::read::{PageQuery, Reader};

/// Rounds of a page. Each reads the shards of one hour.
const ROUNDS: u32 = 12;
/// Events of a shard per round.
const PER_SHARD: u32 = 100;
/// How far back the timeline goes by default.
const BY_DEFAULT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// What the ids of events start with until the year 2527: a UUIDv7 begins with its instant.
const IDS: &str = "0";

/// A system event, by its id.
pub enum EventIdKind {}
pub type EventId = Id<EventIdKind>;

impl Identified for EventIdKind {
    const PREFIX: &'static str = "event";
    const NAME: &'static str = "Event";
}

/// How long an event is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventClass {
    /// Forever.
    Security,
    /// For a year.
    Operational,
}

/// Which events are listed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EventFilter {
    /// The name of their kind.
    pub kind: Option<String>,
    pub severity: Option<Severity>,
    pub class: Option<EventClass>,
    pub subject: Option<String>,
    /// An address of the network that they came from.
    pub network: Option<String>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
}

/// What a member of the staff found out about an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub by: StaffId,
    pub at: Timestamp,
    pub note: String,
}

/// An event with its class and its acknowledgement.
#[derive(Clone, Debug)]
pub struct TimelineEvent {
    pub id: EventId,
    pub event: SystemEvent,
    pub class: EventClass,
    pub acknowledged: Option<Acknowledgement>,
    expires_s: Option<u64>,
}

impl EventFilter {
    fn admits(&self, found: &TimelineEvent) -> bool {
        let is = |wanted: &Option<String>, actual: &str| wanted.as_ref().is_none_or(|wanted| wanted == actual);
        let TimelineEvent { event, class, .. } = found;
        is(&self.kind, &event.name)
            && is(&self.subject, &event.subject)
            && self.severity.is_none_or(|severity| severity == event.severity)
            && self.class.is_none_or(|wanted| wanted == *class)
            && self.network.as_deref().is_none_or(|address| came_from(event, address))
    }
}

fn came_from(event: &SystemEvent, address: &str) -> bool {
    let network = customer_network(address);
    event.origin.ip.as_deref().map(customer_network).as_ref() == Some(&network)
        || event.detail["network"].as_str() == Some(&network)
}

impl TimelineEvent {
    /// The network that the event came from. The address itself is kept for the machine that searches, not for display.
    pub fn network(&self) -> Option<String> {
        self.event.origin.ip.as_deref().map(customer_network)
    }

    fn read(item: &Item) -> Result<Option<Self>, Problem> {
        let event: SystemEvent = body(item)?;
        let expires_s = integer(item, "ttl");
        let class = if expires_s.is_some() { EventClass::Operational } else { EventClass::Security };
        let Some(id) = id_of(&event.id) else { return Ok(None) };
        Ok(Some(Self { id, event, class, acknowledged: None, expires_s }))
    }
}

/// The id of an event from the key that it is stored by.
fn id_of(stored: &str) -> Option<EventId> {
    format!("{}_{stored}", EventIdKind::PREFIX).parse().ok()
}

fn stored(id: EventId) -> String {
    id.to_string().trim_start_matches("event_").to_owned()
}

/// The instant of a stored id.
pub(super) fn created(stored: &str) -> Timestamp {
    id_of(stored).map(|id| id.created_at()).unwrap_or_default()
}

/// The first id that an event of this instant could have.
fn first_of(at: Timestamp) -> String {
    format!("{:012x}{:020}", at.as_millisecond().max(0), 0)
}

fn hour_start(at: Timestamp) -> Timestamp {
    let into_the_hour = at.as_millisecond().rem_euclid(3_600_000);
    after(at, SignedDuration::from_millis(-into_the_hour))
}

/// A page of events before the position, and the position of the next one; none at the end.
pub(crate) async fn page(
    reader: &Reader<'_>,
    filter: &EventFilter,
    position: Option<String>,
    limit: usize,
) -> Result<(Vec<TimelineEvent>, Option<String>), Problem> {
    let now = reader.aws.clock.now();
    // The clocks of other functions may be ahead.
    let to = filter.to.unwrap_or_else(|| after(now, SignedDuration::from_secs(60)));
    let last = first_of(filter.from.unwrap_or_else(|| after(to, -BY_DEFAULT)));
    let mut before = position.unwrap_or_else(|| first_of(to));
    let mut found = Vec::new();
    for _ in 0..ROUNDS {
        if before <= last {
            return Ok((found, None));
        }
        let (events, reached) = round(reader, &before).await?;
        for event in events {
            let id = stored(event.id);
            if id < last {
                return Ok((found, None));
            }
            if filter.admits(&event) {
                found.push(event);
                if found.len() == limit {
                    return Ok((found, Some(id)));
                }
            }
        }
        before = reached;
    }
    Ok((found, Some(before)))
}

/// The newest events before a position, and the position up to which they are complete: at most the hour's beginning.
async fn round(reader: &Reader<'_>, before: &str) -> Result<(Vec<TimelineEvent>, String), Problem> {
    // The hour of the instant just before.
    let hour_of = after(created(before), SignedDuration::from_millis(-1));
    let is_at_an_instant = before == first_of(created(before));
    let start = hour_start(if is_at_an_instant { hour_of } else { created(before) });
    let hour = hour(start);
    let shards = (0..SHARDS).map(|shard| shard_before(reader, partition(&hour, shard), before));
    let shards = try_join_all(shards).await?;
    // What a shard has beyond its page is older than its last key.
    let reached = shards.iter().filter_map(|(_, next)| next.clone()).max().unwrap_or_else(|| first_of(start));
    let mut events = Vec::new();
    for item in shards.iter().flat_map(|(items, _)| items) {
        events.extend(TimelineEvent::read(item)?.filter(|event| stored(event.id) >= reached));
    }
    events.sort_by_key(|event| std::cmp::Reverse(event.id));
    Ok((events, reached))
}

async fn shard_before(
    reader: &Reader<'_>,
    partition: String,
    before: &str,
) -> Result<(Vec<Item>, Option<String>), Problem> {
    let query = PageQuery {
        table: Table::System,
        partition: &partition,
        prefix: IDS,
        after: Some(before.to_owned()),
        limit: PER_SHARD,
        newest_first: true,
    };
    reader.page(query).await
}

/// Adds the acknowledgements, with one read.
pub(crate) async fn acknowledged(reader: &Reader<'_>, events: &mut [TimelineEvent]) -> Result<(), Problem> {
    if events.is_empty() {
        return Ok(());
    }
    let keys = events.iter().map(|event| key_of_acknowledgement(event.id)).collect();
    let items = reader.batch(Table::System, keys).await?;
    for item in &items {
        let id = string(item, "sk").and_then(|sort| sort.strip_prefix(ACKNOWLEDGEMENT)).and_then(id_of);
        if let Some(event) = events.iter_mut().find(|event| Some(event.id) == id) {
            event.acknowledged = Some(body(item)?);
        }
    }
    Ok(())
}

/// One event with its acknowledgement, with one read.
pub(crate) async fn find(reader: &Reader<'_>, id: EventId) -> Result<Option<TimelineEvent>, Problem> {
    let keys = vec![(partition_of(&stored(id)), stored(id)), key_of_acknowledgement(id)];
    let items = reader.batch(Table::System, keys).await?;
    let is_event = |item: &&Item| string(item, "sk").is_some_and(|sort| !sort.starts_with(ACKNOWLEDGEMENT));
    let Some(item) = items.iter().find(is_event) else { return Ok(None) };
    let Some(mut event) = TimelineEvent::read(item)? else { return Ok(None) };
    event.acknowledged = items.iter().find(|item| !is_event(item)).map(body).transpose()?;
    Ok(Some(event))
}

fn key_of_acknowledgement(id: EventId) -> (String, String) {
    let stored = stored(id);
    (partition_of(&stored), format!("{ACKNOWLEDGEMENT}{stored}"))
}

/// The partition and the row of an acknowledgement, which is kept as long as its event.
pub(crate) fn row(event: &TimelineEvent, acknowledged: &Acknowledgement) -> Result<(String, Row), Problem> {
    let (partition, sort) = key_of_acknowledgement(event.id);
    let expires_at = event.expires_s.and_then(|second| Timestamp::from_second(i64::try_from(second).ok()?).ok());
    Ok((partition, Row { sort, version: 1, body: encode(acknowledged)?, due: None, domain: None, expires_at }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_position_is_an_id_that_no_event_has_before_its_instant() {
        let at: Timestamp = "2026-03-01T08:30:00.123Z".parse().unwrap();
        let first = first_of(at);
        assert_eq!((first.len(), created(&first)), (32, at));
        assert!(first.starts_with(IDS) && first_of(after(at, SignedDuration::from_millis(1))) > first);
        assert_eq!(hour_start(at), "2026-03-01T08:00:00Z".parse().unwrap());
    }
}
