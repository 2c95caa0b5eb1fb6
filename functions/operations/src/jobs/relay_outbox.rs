//! The job `relay-outbox`: hands each new row of the outbox to the queues of the jobs that take it, as soon as the
//! transaction that wrote it is committed. A message for later is delayed by its queue, to the second.

use serde::Deserialize;
use shared::aws::grants::Grant;
use shared::function::Function;
use shared::jobs::{Declaration, Job, JobError, Relay, Trigger};

use crate::routing::jobs_for;

/// It has no payload: the row is its access.
#[derive(Deserialize)]
pub struct RelayOutbox;

pub static FUNCTION: Function = Function::job::<RelayOutbox>();

impl Job for RelayOutbox {
    const JOB: Declaration = Declaration::new("relay-outbox", Trigger::OutboxStream).timeout_s(60);
    const GRANTS: &'static [Grant] = &[Grant::RelayOutbox];
    type Access = Relay;

    async fn run(self, relay: &Relay) -> Result<(), JobError> {
        // A message without a job must not hold up those behind it in the stream.
        let jobs = jobs_for(relay.row().message()).map_err(JobError::GiveUp)?;
        let relayed = relay.send(jobs).await?;
        tracing::info!(message = relay.row().message(), outcome = ?relayed, "outbox row");
        Ok(())
    }
}
