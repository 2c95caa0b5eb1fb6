//! The job `relay-outbox`: sends each new outbox row to the queues of its consuming jobs, as soon as its transaction is
//! committed. The queue delays a message for later to the second.

use shared::jobs::Relay;
use shared::prelude::job::*;

use crate::routing::jobs_for;

/// It has no payload: the row is in its access.
#[derive(Deserialize)]
pub struct RelayOutbox;

pub static FUNCTION: Function = Function::job::<RelayOutbox>();

impl Job for RelayOutbox {
    const JOB: Declaration = Declaration::new("relay-outbox", Trigger::OutboxStream).timeout_s(60);
    const GRANTS: &'static [Grant] = &[Grant::RelayOutbox];
    type Access = Relay;

    async fn run(self, relay: &Relay) -> Result<(), JobError> {
        // A message without a consumer must not block the rows behind it in the stream.
        let jobs = jobs_for(relay.row().message()).map_err(JobError::GiveUp)?;
        let relayed = relay.send(jobs).await?;
        tracing::info!(message = relay.row().message(), outcome = ?relayed, "outbox row");
        Ok(())
    }
}
