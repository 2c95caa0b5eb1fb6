//! The system events, for the staff.

use jiff::Timestamp;

use super::staff::Staff;
use super::staff_permissions::StaffPermission;
use crate::aws::grants::Table;
use crate::kernel::problems::Problem;
use crate::system_events::timeline::{self, Acknowledgement, EventFilter, EventId, TimelineEvent};
use crate::table::commit::{Expected, Plan, Uncommitted, commit};
use crate::table::read::Reader;
use crate::tenancy::{Listing, Page};

impl<P: StaffPermission> Staff<P> {
    /// A page of the system events, newest first. It may have fewer than its limit, and still a next page. Needs
    /// `Grant::ReadTimeline` and `Grant::DeriveKeys`.
    pub async fn timeline(&self, filter: &EventFilter, page: &Page) -> Result<Listing<TimelineEvent>, Problem> {
        let bound_to = serde_json::to_string(filter).map_err(Problem::internal)?;
        let bound_to = format!("{}|timeline|{bound_to}", self.origin().actor);
        let position = self.app.open_cursor(&bound_to, page.cursor.as_deref()).await?;
        let reader = self.system();
        let limit = usize::try_from(page.limit).unwrap_or_default();
        let (mut items, next) = Box::pin(timeline::page(&reader, filter, position, limit)).await?;
        timeline::acknowledged(&reader, &mut items).await?;
        Ok(Listing { items, next_cursor: self.app.seal_cursor(&bound_to, next.as_deref()).await? })
    }

    /// One system event. Needs `Grant::ReadTimeline`.
    pub async fn system_event(&self, id: EventId) -> Result<Option<TimelineEvent>, Problem> {
        Box::pin(timeline::find(&self.system(), id)).await
    }

    /// Acknowledges a system event, unless it is acknowledged already. Returns the event with the acknowledgement that it has.
    /// Needs `Grant::ReadTimeline`.
    pub async fn acknowledge(&self, id: EventId, note: String) -> Result<Option<TimelineEvent>, Problem> {
        let Some(mut event) = self.system_event(id).await? else { return Ok(None) };
        if event.acknowledged.is_some() {
            return Ok(Some(event));
        }
        let at: Timestamp = self.now();
        let acknowledged = Acknowledgement { by: self.id(), at, note };
        let (partition, row) = timeline::row(&event, &acknowledged)?;
        let mut plan = Plan::default();
        plan.put(Table::System, Some(partition), row, Expected::Absent);
        if let Some(guard) = &self.guard {
            guard.add_to(&mut plan)?;
        }
        match Box::pin(commit(&self.app.aws, None, "", plan)).await {
            Ok(()) => event.acknowledged = Some(acknowledged),
            // Another member of the staff was first.
            Err(Uncommitted::Refused { table: Table::System, .. }) => return self.system_event(id).await,
            Err(uncommitted) => return Err(uncommitted.into()),
        }
        Ok(Some(event))
    }

    pub(crate) fn system(&self) -> Reader<'_> {
        Reader { aws: &self.app.aws, session: None }
    }
}
