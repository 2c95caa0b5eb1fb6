//! `GET /staff/events`: lists system events, newest first.

use std::net::IpAddr;

use shared::identity::Staff;
use shared::kernel::time::ApiTimestamp;
use shared::prelude::route::*;
use shared::system_events::Severity;
use shared::system_events::timeline::{EventClass, EventFilter};
use shared::tenancy::{Listing, Page, PageLimit};

use crate::event_view::EventView;
use crate::permissions::ReadEvents;

/// Lists system events, newest first. A page searches at most 12 hours, so it may have fewer events than its limit, or none;
/// the next page continues.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSystemEvents {
    /// The name of a kind.
    #[schema(example = "staff_signed_in")]
    kind: Option<String>,
    severity: Option<Severity>,
    class: Option<EventClass>,
    /// What the event concerns.
    #[schema(example = "ws_0190b1c8d2f37c1fa1b2c3d4e5f60718")]
    subject: Option<String>,
    /// An address of the network that the event came from: of an IPv6 address, its /64.
    #[schema(value_type = Option<String>, example = "192.0.2.1")]
    network: Option<IpAddr>,
    /// The earliest instant; the default is 7 days before `to`.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<ApiTimestamp>,
    /// The instant before which events are listed; the default is now.
    #[schema(value_type = Option<String>, format = DateTime)]
    to: Option<ApiTimestamp>,
    /// Events per page; the default is 50.
    #[serde(default)]
    #[schema(inline)]
    limit: PageLimit,
    /// The `next_cursor` of the previous page.
    cursor: Option<String>,
}

pub static FUNCTION: Function = Function::route::<ListSystemEvents>();

impl Endpoint for ListSystemEvents {
    const ROUTE: Route = Route::get("list-system-events", "/staff/events");
    const GRANTS: &'static [Grant] = &[Grant::ReadTimeline, Grant::DeriveKeys];
    const WARM_CALLS: WarmCalls =
        WarmCalls::up_to(98, "12 hours are searched in 8 shards each, and the acknowledgements are read");
    type Access = Staff<ReadEvents>;
    type Output = Reply<Listing<EventView>>;

    async fn handle(self, staff: &Staff<ReadEvents>) -> Result<Self::Output, Problem> {
        let Self { kind, severity, class, subject, network, from, to, limit, cursor } = self;
        let network = network.map(|address| address.to_string());
        let (from, to) = (from.map(ApiTimestamp::instant), to.map(ApiTimestamp::instant));
        let filter = EventFilter { kind, severity, class, subject, network, from, to };
        let page = Page { limit: limit.get(), cursor, newest_first: true };
        Ok(Reply(staff.timeline(&filter, &page).await?.map(EventView::from)))
    }
}
