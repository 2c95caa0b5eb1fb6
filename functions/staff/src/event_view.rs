//! A system event as the staff sees it: without the user agent and the exact address that it came from.

use serde::Serialize;
use serde_json::Value;
use shared::audit::Actor;
use shared::kernel::ids::StaffId;
use shared::kernel::time::ApiTimestamp;
use shared::system_events::Severity;
use shared::system_events::timeline::{Acknowledgement, EventClass, EventId, TimelineEvent};
use utoipa::ToSchema;

/// A system event.
#[derive(Serialize, ToSchema)]
pub struct EventView {
    id: EventId,
    #[schema(value_type = String, format = DateTime)]
    at: ApiTimestamp,
    /// The name of its kind.
    #[schema(example = "staff_signed_in")]
    kind: String,
    severity: Severity,
    class: EventClass,
    /// What it concerns: an id, or the digest of an address, domain or network.
    #[schema(example = "ws_0190b1c8d2f37c1fa1b2c3d4e5f60718")]
    subject: String,
    /// Who caused it.
    actor: Actor,
    /// The network that it came from: an IPv4 address, or an IPv6 /64. Null for an event of a job.
    #[schema(example = "192.0.2.1")]
    network: Option<String>,
    /// The id of the request or run that recorded it.
    request_id: String,
    /// Details, or null.
    #[schema(required = true)]
    detail: Value,
    acknowledged: Option<AcknowledgementView>,
}

/// Who looked into an event first, and what they found out.
#[derive(Serialize, ToSchema)]
struct AcknowledgementView {
    by: StaffId,
    #[schema(value_type = String, format = DateTime)]
    at: ApiTimestamp,
    #[schema(example = "A penetration test that the customer announced.")]
    note: String,
}

impl From<TimelineEvent> for EventView {
    fn from(found: TimelineEvent) -> Self {
        let network = found.network();
        let TimelineEvent { id, event, class, acknowledged, .. } = found;
        Self {
            id,
            at: event.at.into(),
            kind: event.name,
            severity: event.severity,
            class,
            subject: event.subject,
            actor: event.origin.actor,
            network,
            request_id: event.origin.request_id,
            detail: event.detail,
            acknowledged: acknowledged.map(AcknowledgementView::from),
        }
    }
}

impl From<Acknowledgement> for AcknowledgementView {
    fn from(Acknowledgement { by, at, note }: Acknowledgement) -> Self {
        Self { by, at: at.into(), note }
    }
}
