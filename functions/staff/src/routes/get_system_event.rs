//! `GET /staff/events/{event_id}`: reads a system event.

use shared::identity::Staff;
use shared::prelude::route::*;
use shared::system_events::timeline::EventId;

use crate::event_view::EventView;
use crate::permissions::ReadEvents;

/// Reads a system event, with its acknowledgement.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GetSystemEvent {
    event_id: EventId,
}

pub static FUNCTION: Function = Function::route::<GetSystemEvent>();

impl Endpoint for GetSystemEvent {
    const ROUTE: Route = Route::get("get-system-event", "/staff/events/{event_id}");
    const GRANTS: &'static [Grant] = &[Grant::ReadTimeline];
    type Access = Staff<ReadEvents>;
    type Output = Reply<EventView>;

    async fn handle(self, staff: &Staff<ReadEvents>) -> Result<Self::Output, Problem> {
        let event = staff.system_event(self.event_id).await?.ok_or_else(Problem::not_found)?;
        Ok(Reply(event.into()))
    }
}
