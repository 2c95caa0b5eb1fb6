//! The job `sweep-outbox`: every minute, sends the messages that the relay missed: because the stream lost them, a
//! queue failed, or they are due later than a queue can delay.

use shared::prelude::job::*;
use shared::tenancy::AllWorkspaces;

use crate::routing::jobs_for;

#[derive(Deserialize)]
pub struct SweepOutbox {}

/// Why this job reads the outbox of every workspace and user.
pub enum OverdueMessages {}

impl Reason for OverdueMessages {
    const WHY: &'static str = "sends committed messages that the relay has not sent within a minute";
}

pub static FUNCTION: Function = Function::job::<SweepOutbox>();

impl Job for SweepOutbox {
    const JOB: Declaration = Declaration::new("sweep-outbox", Trigger::Schedule("rate(1 minute)")).timeout_s(60);
    const GRANTS: &'static [Grant] = &[Grant::ReadDue, Grant::RelayOutbox];
    type Access = AllWorkspaces<OverdueMessages>;

    async fn run(self, workspaces: &Self::Access) -> Result<(), JobError> {
        let mut failed = 0;
        let mut overdue = workspaces.overdue_messages();
        while let Some(rows) = overdue.next().await? {
            for row in rows {
                let relayed = match jobs_for(row.message()) {
                    Ok(jobs) => workspaces.relay(&row, jobs).await,
                    Err(problem) => Err(problem),
                };
                // A row that cannot be sent must not block the others.
                match relayed {
                    Ok(outcome) => tracing::info!(message = row.message(), ?outcome, "overdue outbox row"),
                    Err(problem) => {
                        failed += 1;
                        tracing::error!(message = row.message(), cause = ?problem, "an outbox row cannot be sent");
                    }
                }
            }
        }
        if failed == 0 {
            Ok(())
        } else {
            Err(JobError::retry(Problem::unavailable(format!("{failed} rows were not sent"))))
        }
    }
}
