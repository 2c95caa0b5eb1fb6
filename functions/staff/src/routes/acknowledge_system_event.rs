//! `POST /staff/events/{event_id}/acknowledge`: acknowledges a system event.

use shared::identity::Staff;
use shared::prelude::route::*;
use shared::system_events::timeline::EventId;

use crate::event_view::EventView;
use crate::permissions::AcknowledgeEvents;
use crate::reason::EventNote;

/// Records who looked into a system event, when, and what they found out. An event that is acknowledged already keeps its first
/// acknowledgement, which is in the response.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeSystemEvent {
    event_id: EventId,
    note: EventNote,
}

pub static FUNCTION: Function = Function::route::<AcknowledgeSystemEvent>();

impl Endpoint for AcknowledgeSystemEvent {
    const ROUTE: Route = Route::post("acknowledge-system-event", "/staff/events/{event_id}/acknowledge");
    const GRANTS: &'static [Grant] = &[Grant::ReadTimeline];
    const WARM_CALLS: WarmCalls = WarmCalls::up_to(3, "the event is read");
    type Access = Staff<AcknowledgeEvents>;
    type Output = Reply<EventView>;

    async fn handle(self, staff: &Staff<AcknowledgeEvents>) -> Result<Self::Output, Problem> {
        let event = staff.acknowledge(self.event_id, self.note.into_text()).await?;
        Ok(Reply(event.ok_or_else(Problem::not_found)?.into()))
    }
}
